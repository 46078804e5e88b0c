import { beforeEach, describe, expect, it } from 'vitest'
import { type MetaInstanceId, NodeId } from '../ids'
import { rdmaReports } from '../rdma/index'
import { addMac, change, plug, unplug } from '../testing/cabled-macs'
import { rdmaWorld } from '../testing/rdma-world'
import { GB, smallCard, World } from '../testing/world'
import { place } from './place'
import type { PlacementRequest } from './placement-request'
import { previews } from './previews'

const request: PlacementRequest = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxJaccl',
  minNodes: 2,
  placementPreference: 'largest',
}

describe('a placement over RDMA', () => {
  let world: World
  let a: NodeId
  let b: NodeId
  let c: NodeId
  beforeEach(() => {
    world = new World()
    ;[a, b, c] = [addMac(world, 'a', { receptacles: 6 }), addMac(world, 'b'), addMac(world, 'c')]
    world.connect([a, b, c])
  })
  const report = () => {
    for (const { nodeId } of Object.values(world.state.nodes)) world.apply(...rdmaReports(world.state, nodeId))
  }
  const placed = (changes: Partial<PlacementRequest> = {}) => {
    const result = place(world.state, smallCard, { ...request, ...changes })
    return result.status === 'placed' ? result.placement : result.error
  }
  const triangle = () => {
    plug(world, [a, 1], [b, 2])
    plug(world, [b, 3], [c, 1])
    plug(world, [c, 3], [a, 5])
    report()
  }

  it('gives MLX, for each rank, its device to every other rank', () => {
    triangle()
    expect(placed({ minNodes: 3 })).toMatchObject({
      jaccl: {
        devices: [
          [null, 'rdma_en1', 'rdma_en5'],
          ['rdma_en2', null, 'rdma_en3'],
          ['rdma_en3', 'rdma_en1', null],
        ],
      },
    })
  })

  it('never takes a single machine, also for a request that would be content with one', () => {
    triangle()
    const tensor: PlacementRequest = { ...request, sharding: 'Tensor', minNodes: 1, placementPreference: 'smallest' }
    expect(place(world.state, smallCard, tensor)).toMatchObject({ placement: { shards: { length: 2 } } })
    expect(place(world.state, { ...smallCard, kvHeads: 1 }, tensor)).toMatchObject({ error: { code: 'indivisible' } })
  })

  it('gives two ranks the two ends of one cable, however many cables there are and whatever their names', () => {
    // Each end's first interface belongs to another cable.
    plug(world, [a, 1], [b, 3])
    plug(world, [a, 4], [b, 1])
    report()
    const devices = (nodeIds: NodeId[]) => placed({ nodeIds })
    expect(devices([a, b])).toMatchObject({
      jaccl: {
        devices: [
          [null, 'rdma_en1'],
          ['rdma_en3', null],
        ],
      },
    })
    expect(devices([b, a])).toMatchObject({
      jaccl: {
        devices: [
          [null, 'rdma_en1'],
          ['rdma_en4', null],
        ],
      },
    })
  })

  it('is refused with the first reason of every pair, and all reasons in the details', () => {
    change(world, c, (info) => ({ ...info, rdma: { status: 'disabled', devices: [] } }))
    plug(world, [a, 1], [b, 2], { gbps: 40 })
    report()
    const refusal = placed()
    expect(refusal).toMatchObject({
      code: 'no_rdma',
      reason:
        'Requested RDMA (MlxJaccl) but no RDMA-connected machines are available (' +
        'a – b: the cable between a and b gives 40 Gb/s, and 80 are needed; ' +
        'a – c: not enabled on c; b – c: not enabled on c)',
    })
    const { details } = refusal as Extract<typeof refusal, { code: string }>
    expect(details?.withoutRdma?.map(({ nodeIds, reasons }) => [nodeIds, reasons.map(({ code }) => code)])).toEqual([
      [['a', 'b'], ['cable_speed']],
      [
        ['a', 'c'],
        ['not_enabled', 'no_cable'],
      ],
      [
        ['b', 'c'],
        ['not_enabled', 'no_cable'],
      ],
    ])
  })

  it('needs every pair, and says which is missing', () => {
    triangle()
    unplug(world, c, 3)
    report()
    expect(placed({ minNodes: 3 })).toMatchObject({
      code: 'not_connected',
      reason:
        'no 3 machines have RDMA between every two of them (a – c: there is no Thunderbolt cable between a and c)',
    })
    expect(placed()).toHaveProperty('jaccl')
  })

  it('gives no reasons if no Macs are involved', () => {
    const others = new World()
    for (const name of ['x', 'y'])
      change(others, others.addNode(name), (info) => ({ ...info, os: { ...info.os, platform: 'linux' } }))
    expect(place(others.state, smallCard, request)).toMatchObject({
      error: {
        reason: 'Requested RDMA (MlxJaccl) but no RDMA-connected machines are available',
        details: { withoutRdma: [{ reasons: [{ code: 'not_a_mac' }, { code: 'not_a_mac' }] }] },
      },
    })
  })

  it('fails in its preview for the same reasons', () => {
    const failed = previews(world.state, smallCard, {}).filter(({ instanceMeta }) => instanceMeta === 'MlxJaccl')
    expect(failed).toHaveLength(2)
    for (const preview of failed)
      expect(preview).toMatchObject({ error: { code: 'no_rdma', details: { withoutRdma: { length: 3 } } } })
  })

  describe('that runs', () => {
    let id: MetaInstanceId
    beforeEach(() => {
      plug(world, [a, 1], [b, 2])
      plug(world, [a, 4], [b, 3])
      report()
      id = world.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2 })
      world.reconcile()
      world.report(id, { status: 'Ready' })
    })
    const devices = () => world.instance(id).jaccl?.devices

    it('depends on its own cable and on no other', () => {
      const { instanceId } = world.instance(id)
      unplug(world, a, 4)
      report()
      world.reconcile()
      expect(world.instance(id).instanceId).toBe(instanceId)
    })

    it('is placed over the other cable when its own is pulled', () => {
      expect(devices()).toEqual([
        [null, 'rdma_en1'],
        ['rdma_en2', null],
      ])
      unplug(world, b, 2)
      report()
      world.reconcile()
      expect(world.log.filter(({ type }) => type === 'InstanceDeleted')).toMatchObject([{ cause: 'connection' }])
      expect(devices()).toEqual([
        [null, 'rdma_en4'],
        ['rdma_en3', null],
      ])
    })

    it('is placed again when one end of its cable moves to another port', () => {
      unplug(world, b, 2)
      plug(world, [a, 1], [b, 1])
      report()
      world.reconcile()
      expect(devices()).toEqual([
        [null, 'rdma_en1'],
        ['rdma_en1', null],
      ])
    })

    it('fails with a reason that is recorded again when it changes', () => {
      unplug(world, b, 2)
      unplug(world, b, 3)
      report()
      world.reconcile()
      world.reconcile()
      const failures = () => world.log.filter(({ type }) => type === 'MetaInstancePlacementFailed').length
      expect(failures()).toBe(1)
      change(world, b, (info) => ({ ...info, rdma: { status: 'disabled', devices: [] } }))
      world.reconcile()
      expect(failures()).toBe(2)
      expect(world.metaInstance(id).placementError?.reason).toContain('a – b: not enabled on b')
      // Different memory is not a different reason.
      change(world, b, (info) => ({ ...info, memory: { ...info.memory, ramAvailable: 40 * GB } }))
      world.reconcile()
      expect(failures()).toBe(2)
    })
  })
})

describe('RDMA between more machines than MLX makes a mesh of', () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `m${at + 1}`)
  const world = (count: number) => rdmaWorld(names(count), { minNodes: 2, paused: true }).state
  const asked = (count: number, changes: Partial<PlacementRequest>) =>
    place(world(count), smallCard, { ...request, ...changes })

  // Up to 10 machines all groups are candidates, beyond that only some.
  it.each([9, 12])('takes 8 of %i, whatever the preference', (count) => {
    for (const placementPreference of ['largest', 'interactivity', 'throughput'] as const) {
      const result = asked(count, { placementPreference })
      expect(result.status === 'placed' && result.placement.shards.length).toBeLessThanOrEqual(8)
    }
    expect(asked(count, {})).toMatchObject({ placement: { shards: { length: 8 } } })
    expect(asked(count, { minNodes: 8 })).toMatchObject({ placement: { shards: { length: 8 } } })
  })

  it('is refused if more are requested, by number or by name, with the maximum', () => {
    const reason = 'RDMA (MlxJaccl) joins at most 8 machines, and 9 were asked for; a ring (MlxRing) joins more'
    const nodeIds = names(9).map((name) => NodeId.parse(name))
    expect(asked(9, { minNodes: 9 })).toMatchObject({ error: { code: 'too_many_for_rdma', reason } })
    expect(asked(9, { nodeIds })).toMatchObject({ error: { code: 'too_many_for_rdma' } })
    expect(asked(9, { nodeIds: nodeIds.slice(1) })).toMatchObject({ placement: { shards: { length: 8 } } })
    expect(asked(9, { instanceMeta: 'MlxRing', minNodes: 9 })).toMatchObject({ placement: { shards: { length: 9 } } })
  })

  it('has a preview for each number of machines up to 8, and the reason why there is none for more', () => {
    const found = previews(world(9), smallCard, {}).filter(
      ({ instanceMeta, sharding }) => instanceMeta === 'MlxJaccl' && sharding === 'Pipeline',
    )
    expect(found.map(({ nodeIds }) => nodeIds.length)).toEqual([2, 3, 4, 5, 6, 7, 8, 0])
    expect(found.at(-1)).toMatchObject({ error: { code: 'too_many_for_rdma' } })
  })
})
