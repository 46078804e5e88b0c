import { describe, expect, it } from 'vitest'
import type { Instance } from '../state/instances'
import { rehearsalDevice } from '../state/rehearsal'
import { statusOf } from '../state/status'
import { rdmaWorld } from '../testing/rdma-world'
import type { World } from '../testing/world'
import { rdmaJoin } from './rdma-join'

const NAMES = ['alpha', 'bravo', 'charlie']

const instanceOf = (world: World): Instance => {
  const [instance] = Object.values(world.state.instances)
  if (!instance) throw new Error('not placed')
  return instance
}

const meetingAt = (world: World, rank: number) => {
  const instance = instanceOf(world)
  const shard = instance.shards[rank]
  return shard && rdmaJoin(world.state, instance, shard.nodeId)
}

const start = (world: World, rank: number, port?: number): void => {
  const runnerId = instanceOf(world).shards[rank]?.runnerId
  if (runnerId === undefined) return
  const ringPort = port === undefined ? {} : { ringPort: port }
  world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Connecting', ...ringPort })
}

describe('the ranks of an RDMA group', () => {
  it('get the devices of all ranks, once every runner has been started', () => {
    const world = rdmaWorld(NAMES)
    start(world, 0)
    start(world, 1)
    expect(meetingAt(world, 0)).toBeUndefined()
    start(world, 2)
    expect(meetingAt(world, 0)).toEqual({ jaccl: { devices: instanceOf(world).jaccl?.devices } })
  })

  it('wait for a machine that downloads the model, which a round’s time limit would not allow', () => {
    const world = rdmaWorld(NAMES)
    const [, , last] = instanceOf(world).shards
    if (last) world.apply({ type: 'RunnerStatusUpdated', runnerId: last.runnerId, status: 'Downloading' })
    start(world, 0)
    start(world, 1)
    expect(meetingAt(world, 0)).toBeUndefined()
    start(world, 2)
    expect(meetingAt(world, 0)).toBeDefined()
  })
})

describe('the ranks of a rehearsal', () => {
  const rehearsal = (): World => rdmaWorld(NAMES, { device: (to) => rehearsalDevice(to) })

  it('get their attempt and the ring’s addresses, once all have reported their ports', () => {
    const world = rehearsal()
    for (const rank of [0, 1, 2]) start(world, rank)
    expect(meetingAt(world, 0)).toBeUndefined()
    for (const rank of [0, 1, 2]) start(world, rank, 7000 + rank)
    const { shards, jaccl } = instanceOf(world)
    const numbers = shards.map(({ nodeId }) => NAMES.indexOf(nodeId))
    const [own, second, third] = numbers
    expect(meetingAt(world, 0)).toEqual({
      jaccl: { devices: jaccl?.devices, rehearsal: { attempt: shards.map(({ runnerId }) => runnerId).join(' ') } },
      ring: { hosts: [`10.0.${third}.${own}:7000`, `10.0.${own}.${second}:7001`, `10.0.${own}.${third}:7002`] },
    })
  })

  it('belong to an instance whose status says that it is a rehearsal', () => {
    const world = rehearsal()
    const id = world.declare('chat')
    const detail = (): string => statusOf(world.state, world.metaInstance(id)).detail
    expect(detail()).toContain('rehearsal of RDMA, computes over the ring')
    world.report(id, { status: 'Ready' })
    expect(detail()).toContain('rehearsal of RDMA, computes over the ring')
    const real = rdmaWorld(NAMES)
    expect(statusOf(real.state, real.metaInstance(id)).detail).not.toContain('rehearsal')
  })
})
