import { beforeEach, describe, expect, it } from 'vitest'
import type { Event, Observation } from '../events/event'
import { InstanceId, RunnerId } from '../ids'
import { rdmaWorld } from '../testing/rdma-world'
import type { World } from '../testing/world'
import { Gatherer } from './gather'

let world: World
let gather: Gatherer
const instance = () => Object.values(world.state.instances)[0]
const runners = (): RunnerId[] => instance()?.shards.map(({ runnerId }) => runnerId) ?? []
const instanceId = (): InstanceId => instance()?.instanceId ?? InstanceId.parse('none')

beforeEach(() => {
  world = rdmaWorld(['a', 'b', 'c'])
  gather = new Gatherer()
})

const take = (event: Event): Observation[] => {
  world.apply(event)
  return gather.take(() => world.state, event)
}

/** A rank's part of a round. */
const contribute = (rank: number, sequence: number, data = `${rank}:${sequence}`): Observation[] =>
  take({
    type: 'JacclSideChannelData',
    instanceId: instanceId(),
    runnerId: runners()[rank] ?? RunnerId.parse('none'),
    sequence,
    data,
  })

const round = (sequence: number): Observation => ({
  type: 'JacclSideChannelGathered',
  instanceId: instanceId(),
  sequence,
  gathered: Object.fromEntries(runners().map((runnerId, rank) => [runnerId, `${rank}:${sequence}`])),
})

describe('a round of the side channel', () => {
  it('is published once, with the last rank’s part', () => {
    expect(contribute(2, 0)).toEqual([])
    expect(contribute(0, 0)).toEqual([])
    expect(contribute(1, 0)).toEqual([round(0)])
    expect(contribute(0, 1)).toEqual([])
  })

  it('waits for a rank that has not contributed, whatever the others resend', () => {
    for (let time = 0; time < 5; time += 1) for (const rank of [0, 1]) expect(contribute(rank, 0)).toEqual([])
    expect(contribute(2, 0)).toEqual([round(0)])
  })

  it('is published again for a rank that resends, because it has missed it', () => {
    for (const rank of [0, 1, 2]) contribute(rank, 0)
    expect(contribute(1, 0)).toEqual([round(0)])
    expect(contribute(1, 0)).toEqual([round(0)])
  })

  it('is not published again for a rank that has moved on to a later round', () => {
    for (const rank of [0, 1, 2]) contribute(rank, 0)
    expect(contribute(0, 1)).toEqual([])
    expect(contribute(0, 0)).toEqual([])
    expect(contribute(2, 0)).toEqual([round(0)])
  })

  it('keeps the first part of a rank', () => {
    contribute(0, 0)
    expect(contribute(0, 0, 'something else')).toEqual([])
    contribute(1, 0)
    expect(contribute(2, 0)).toEqual([round(0)])
  })

  it('is complete for a new master when every rank has resent its last two parts', () => {
    for (const rank of [0, 1, 2]) contribute(rank, 0)
    contribute(0, 1)
    // The others have not received round 0 when the master dies.
    gather = new Gatherer()
    expect(contribute(1, 0)).toEqual([])
    expect(contribute(0, 0)).toEqual([])
    expect(contribute(0, 1)).toEqual([])
    expect(contribute(2, 0)).toEqual([round(0)])
    contribute(1, 1)
    expect(contribute(2, 1)).toEqual([round(1)])
  })
})

describe('a part of the side channel', () => {
  it('of a deleted instance is dropped', () => {
    contribute(0, 0)
    const late = { instanceId: instanceId(), runnerId: runners()[1] ?? RunnerId.parse('none') }
    take({ type: 'InstanceDeleted', instanceId: instanceId() })
    expect(take({ type: 'JacclSideChannelData', ...late, sequence: 0, data: '' })).toEqual([])
    expect(gather.size).toBe(0)
  })

  it('of an earlier attempt is dropped, and mixed into no later one', () => {
    const [a, b] = runners()
    if (!a || !b || !instance()?.metaInstanceId) throw new Error('no instance')
    contribute(0, 0)
    contribute(1, 0)
    const owner = instance()?.metaInstanceId
    if (!owner) throw new Error('no declaration')
    const runnerIds = ['x', 'y', 'z'].map((id) => RunnerId.parse(id))
    const retrying = { failureError: 'out of memory', runnerIds, metaInstanceId: owner }
    take({ type: 'InstanceRetrying', instanceId: instanceId(), ...retrying })
    const late = { type: 'JacclSideChannelData', instanceId: instanceId(), sequence: 0, data: 'old' } as const
    for (const runnerId of [a, b]) expect(take({ ...late, runnerId })).toEqual([])
    contribute(0, 0)
    contribute(1, 0)
    expect(contribute(2, 0)).toEqual([round(0)])
  })

  it('of no rank of that instance is dropped', () => {
    const stranger = { runnerId: RunnerId.parse('stranger'), sequence: 0, data: '' }
    expect(take({ type: 'JacclSideChannelData', instanceId: instanceId(), ...stranger })).toEqual([])
    expect(gather.size).toBe(0)
  })
})

it('what was gathered is dropped once the group works', () => {
  for (const rank of [0, 1, 2]) contribute(rank, 0)
  for (const runnerId of runners().slice(1)) take({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
  expect(gather.size).toBe(1)
  take({ type: 'RunnerStatusUpdated', runnerId: runners()[0] ?? RunnerId.parse('none'), status: 'Running' })
  expect(gather.size).toBe(0)
})
