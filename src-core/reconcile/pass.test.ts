import { describe, expect, it } from 'vitest'
import { ModelId, NodeId, TaskId } from '../ids'
import { neededModels } from '../state/needed-models'
import { GB, readyWorld, SMALL, smallCard, World } from '../testing/world'
import { runPass } from './pass'

const types = (events: readonly { type: string }[]) => events.map(({ type }) => type)

describe('a declaration', () => {
  it('requests its model card first, and is placed by the pass after the card arrived', () => {
    const world = new World()
    world.addNode('Mac Studio')
    world.cards = {}
    world.declare()
    const pass = world.reconcile()
    expect(pass.events).toEqual([])
    expect(pass.needs).toEqual([{ kind: 'modelCard', modelId: SMALL }])
  })

  it('gets exactly one instance, and a second pass does nothing', () => {
    const { world, id } = readyWorld()
    expect(world.instance(id).metaInstanceId).toBe(id)
    expect(world.reconcile()).toEqual({ events: [], needs: [], failures: [] })
    expect(Object.keys(world.state.instances)).toHaveLength(1)
  })

  it('sees the memory that earlier declarations were given in the same pass', () => {
    const world = new World()
    world.addNode('mini', { free: 6 * GB, total: 8 * GB })
    const first = world.declare('first')
    const second = world.declare('second')
    world.reconcile()
    expect(world.status(first)).toBe('CONNECTING')
    expect(world.status(second)).toBe('PLACEMENT_FAILED')
    expect(world.metaInstance(second).placementError?.reason).toBe('mini has 2 GB free, the model needs 4 GB')
  })

  it('records a failure to place once, and again only when its code or its machines change', () => {
    const world = new World()
    world.addNode('mini', { free: 1 * GB })
    world.declare()
    expect(types(world.reconcile().events)).toEqual(['MetaInstancePlacementFailed'])
    expect(types(world.wait(1000).reconcile().events)).toEqual([])
    world.addNode('other', { free: 2 * GB })
    expect(types(world.reconcile().events)).toEqual(['MetaInstancePlacementFailed'])
  })

  it('requests the card of its draft model too, is placed with it, and again without it', () => {
    const world = new World()
    world.addNode('mini')
    const draftModelId = ModelId.parse('m/draft')
    const id = world.declare('chat', { draftModelId })
    expect(world.reconcile().needs).toEqual([{ kind: 'modelCard', modelId: draftModelId }])
    world.cards = { ...world.cards, [draftModelId]: { status: 'failed', reason: 'it is nowhere' } }
    world.reconcile()
    expect(world.metaInstance(id).placementError?.reason).toBe('Failed to load model card: m/draft: it is nowhere')
    const card = { ...smallCard, modelId: draftModelId, storageBytes: GB }
    world.cards = { ...world.cards, [draftModelId]: { status: 'loaded', card } }
    world.reconcile()
    const placed = world.instance(id)
    expect(placed).toMatchObject({ draftModelId, claims: { mini: smallCard.storageBytes + GB } })
    expect(neededModels(placed, NodeId.parse('mini'))).toEqual([SMALL, draftModelId])
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { draftModelId: null } })
    world.reconcile()
    const [newer] = Object.values(world.state.instances).filter(({ replaces }) => replaces === placed.instanceId)
    expect(newer).toMatchObject({ claims: { mini: smallCard.storageBytes } })
    expect(newer).not.toHaveProperty('draftModelId')
  })

  it('says why its model card could not be loaded, and requests it again', () => {
    const world = new World()
    world.addNode('mini')
    world.cards = { [SMALL]: { status: 'failed', reason: 'no answer in 10 s' } }
    const id = world.declare()
    const pass = world.reconcile()
    expect(world.metaInstance(id).placementError?.reason).toBe('Failed to load model card: no answer in 10 s')
    expect(pass.needs).toEqual([{ kind: 'modelCard', modelId: SMALL }])
  })

  it('waits for members that may still report before it says that there is no place', () => {
    const world = new World()
    const node = world.addNode('mini')
    const id = world.declare()
    world.deadlinesBegan = world.now
    world.heard = {}
    world.apply({ type: 'NodeLeaving', nodeId: node, reason: 'restart' })
    world.reconcile()
    expect(world.status(id)).toBe('PLACING')
    world.now += 30_000
    world.reconcile()
    expect(world.status(id)).toBe('PLACEMENT_FAILED')
    expect(world.metaInstance(id).placementError?.reason).toBe(
      '1 machine: 1 offline (mini); no machine is ready to run models',
    )
  })
})

describe('failing runners', () => {
  it('are retried three times in place, and the fourth failure ends in a new instance at once', () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    const statuses = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      world.fail(id)
      expect(types(world.reconcile().events)).toEqual(['InstanceRetrying'])
      statuses.push(world.status(id))
    }
    expect(statuses).toEqual(['RETRYING (1/3)', 'RETRYING (2/3)', 'RETRYING (3/3)'])
    expect(world.instance(id).instanceId).toBe(instanceId)
    world.fail(id)
    expect(types(world.reconcile().events)).toEqual(['InstanceDeleted', 'InstanceCreated'])
    expect(world.instance(id).instanceId).not.toBe(instanceId)
    expect(world.metaInstance(id)).toMatchObject({
      consecutiveFailures: 0,
      replacements: 1,
      lastFailureError: 'Mac Studio: out of memory',
    })
  })

  it('delay placing from the second replacement on', () => {
    const { world, id } = readyWorld()
    for (let failure = 1; failure <= 8; failure += 1) {
      world.fail(id)
      world.reconcile()
    }
    expect(world.status(id)).toBe('PLACING')
    expect(world.metaInstance(id)).toMatchObject({ replacements: 2, nextAttemptAt: world.now + 1000 })
    expect(types(world.wait(999).reconcile().events)).toEqual([])
    expect(types(world.wait(1).reconcile().events)).toEqual(['InstanceCreated'])
  })

  it('without an error text are called just that', () => {
    const { world, id } = readyWorld()
    world.fail(id, ' ')
    world.reconcile()
    expect(world.metaInstance(id).lastFailureError).toBe('Runner failed')
  })

  it('that shut down by themselves end the instance without counting a failure', () => {
    const { world, id } = readyWorld()
    world.report(id, { status: 'Shutdown' })
    expect(types(world.reconcile().events)).toEqual(['InstanceDeleted', 'InstanceCreated'])
    expect(world.metaInstance(id)).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
  })

  it('that were deleted because the app restarted do not count as a failure', () => {
    const { world, id } = readyWorld()
    for (const { runnerId } of world.instance(id).shards) world.apply({ type: 'RunnerDeleted', runnerId })
    expect(world.reconcile().events).toEqual([])
    expect(world.status(id)).toBe('CONNECTING')
  })

  it('of an instance without a declaration delete it', () => {
    const world = new World()
    world.addNode('mini')
    const id = world.declare()
    world.reconcile()
    const { metaInstanceId: _kept, ...instance } = world.instance(id)
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    world.apply({ type: 'InstanceCreated', instance })
    const [shard] = instance.shards
    if (!shard) throw new Error('no shard')
    world.apply({ type: 'RunnerStatusUpdated', runnerId: shard.runnerId, status: 'Failed', errorMessage: 'x' })
    world.reconcile()
    expect(world.state.instances).toEqual({})
  })
})

describe('recovery', () => {
  it('comes once, 60 s after all runners became ready, and only if there is something to reset', () => {
    const { world, id } = readyWorld()
    expect(types(world.wait(120_000).reconcile().events)).toEqual([])
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Ready' })
    expect(types(world.wait(59_999).reconcile().events)).toEqual([])
    expect(types(world.wait(1).reconcile().events)).toEqual(['MetaInstanceRecovered'])
    expect(world.metaInstance(id)).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
    expect(world.metaInstance(id).lastFailureError).toBeUndefined()
    expect(types(world.wait(120_000).reconcile().events)).toEqual([])
  })
})

describe('a node', () => {
  it('that is silent for 30 s is gone, and its instance with it, in one pass', () => {
    const { world, id } = readyWorld()
    world.now += 29_999
    expect(types(world.reconcile().events)).toEqual([])
    world.now += 1
    expect(types(world.reconcile().events)).toEqual(['NodeTimedOut', 'InstanceDeleted', 'MetaInstancePlacementFailed'])
    expect(world.metaInstance(id).lastFailureError).toBe('Mac Studio left the cluster')
  })

  it('is expected for 30 s after all deadlines began again, and its instances are kept', () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    const [shard] = world.instance(id).shards
    if (!shard) throw new Error('no shard')
    world.now += 100_000
    world.deadlinesBegan = world.now
    world.apply({ type: 'NodeLeaving', nodeId: shard.nodeId, reason: 'restart' })
    world.now += 29_999
    expect(types(world.reconcile().events)).toEqual([])
    expect(world.instance(id).instanceId).toBe(instanceId)
  })

  it('that is unreachable ends the instances that it shares with others at once, but not those that it has alone', () => {
    const world = new World()
    const [here, there] = [world.addNode('here'), world.addNode('there')]
    for (const [from, to] of [
      [here, there],
      [there, here],
    ] as const)
      world.apply({
        type: 'TopologyEdgeCreated',
        edge: { from, to, ip: `10.0.0.${to.length}`, port: 1, interfaceType: 'ethernet' },
      })
    const shared = world.declare('shared', { nodeIds: [here, there], minNodes: 2 })
    const own = world.declare('own', { nodeIds: [there] })
    world.reconcile()
    const [ring, single] = [world.instance(shared), world.instance(own)]
    // A new leader: no node has reported yet, and one never will.
    world.now += 100_000
    world.deadlinesBegan = world.now
    world.apply({ type: 'NodeLeaving', nodeId: there, reason: 'not heard yet' })
    world.heard[here] = world.now
    expect(types(world.reconcile().events)).toEqual([])
    world.unreachable = [there]
    expect(world.reconcile().events).toMatchObject([
      { type: 'InstanceDeleted', instanceId: ring.instanceId, cause: 'connection' },
    ])
    expect(world.state.instances).toHaveProperty(single.instanceId)
  })

  it('gets nothing placed while it is unreachable, though it has not timed out yet', () => {
    const world = new World()
    world.addNode('here', { free: 10 * GB })
    const there = world.addNode('there', { free: 90 * GB })
    world.unreachable = [there]
    const id = world.declare()
    const named = world.declare('named', { nodeIds: [there] })
    world.reconcile()
    expect(world.instance(id).shards).toMatchObject([{ nodeId: 'here' }])
    expect(world.state.metaInstances[named]?.placementError?.reason).toContain('there')
    world.unreachable = []
    world.reconcile()
    expect(world.instance(named).shards).toMatchObject([{ nodeId: there }])
  })
})

describe('a machine whose disk has no room for the model', () => {
  const full = { totalBytes: 1000 * GB, freeBytes: 3 * GB }
  const here = (world: World, id: ReturnType<World['declare']>) => world.instance(id).shards.map(({ nodeId }) => nodeId)

  it('is not used where another one can be', () => {
    const world = new World()
    world.addNode('full', { free: 60 * GB, disk: full })
    const roomy = world.addNode('roomy', { free: 20 * GB, disk: { ...full, freeBytes: 900 * GB } })
    const id = world.declare()
    world.reconcile()
    expect(here(world, id)).toEqual([roomy])
  })

  it('is used where it has the model, or has most of it already, and counts what other downloads need', () => {
    const other = ModelId.parse('m/other')
    const download = { status: 'Ongoing', totalBytes: 4 * GB, downloadedBytes: 2 * GB } as const
    for (const [modelId, status, isUsed] of [
      [SMALL, 'Complete', true],
      [SMALL, 'Ongoing', true],
      [other, 'Ongoing', false],
    ] as const) {
      const world = new World()
      const nodeId = world.addNode('full', {
        free: 60 * GB,
        disk: { ...full, freeBytes: modelId === SMALL ? 3 * GB : 5 * GB },
      })
      const roomy = world.addNode('roomy', { free: 20 * GB, disk: { ...full, freeBytes: 900 * GB } })
      world.apply({ type: 'NodeDownloadProgress', nodeId, modelId, download: { ...download, status } })
      const id = world.declare()
      world.reconcile()
      expect(here(world, id)).toEqual([isUsed ? nodeId : roomy])
    }
  })

  it('is used where there is no other, where it is named, and as long as its models may not be known yet', () => {
    const alone = new World()
    const only = alone.addNode('full', { disk: full })
    const id = alone.declare()
    alone.reconcile()
    expect(here(alone, id)).toEqual([only])
    const world = new World()
    const nodeId = world.addNode('full', { free: 60 * GB, disk: full })
    world.addNode('roomy', { free: 20 * GB })
    const named = world.declare('named', { nodeIds: [nodeId] })
    world.reconcile()
    expect(here(world, named)).toEqual([nodeId])
    world.deadlinesBegan = world.now
    const early = world.declare('early')
    world.reconcile()
    expect(here(world, early)).toEqual([nodeId])
  })
})

describe('a machine that was started again to run no models', () => {
  it('loses its instances to others, or the declaration says that nobody can take it', () => {
    const { world, id } = readyWorld()
    const other = world.addNode('Mac mini')
    world.addNode('Mac Studio', { worker: false })
    world.reconcile()
    expect(world.metaInstance(id).lastFailureError).toBe('Mac Studio runs no models any more')
    expect(world.instance(id).shards.map(({ nodeId }) => nodeId)).toEqual([other])
    world.addNode('Mac mini', { worker: false })
    world.reconcile()
    expect(Object.values(world.state.instances)).toEqual([])
    expect(world.status(id)).toBe('PLACEMENT_FAILED')
    expect(types(world.wait(1000).reconcile().events)).toEqual([])
  })
})

describe('change', () => {
  it('of a constraint replaces the instance: the new one first if memory allows both', () => {
    const { world, id } = readyWorld()
    const old = world.instance(id).instanceId
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { maxContext: 4096 } })
    expect(types(world.reconcile().events)).toEqual(['InstanceCreated'])
    expect(world.status(id)).toBe('READY')
    const newer = Object.values(world.state.instances).find(({ replaces }) => replaces === old)
    for (const { runnerId } of newer?.shards ?? [])
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
    expect(world.reconcile().events).toEqual([{ type: 'InstanceDeleted', instanceId: old }])
    expect(world.instance(id).instanceId).toBe(newer?.instanceId)
    expect(world.reconcile().events).toEqual([])
  })

  it('of a constraint removes the old one first if memory does not allow both', () => {
    const world = new World()
    world.addNode('mini', { free: 6 * GB })
    const id = world.declare()
    world.reconcile()
    const old = world.instance(id).instanceId
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { maxContext: 4096 } })
    expect(types(world.reconcile().events)).toEqual(['InstanceDeleted'])
    expect(types(world.reconcile().events)).toEqual(['InstanceCreated'])
    expect(world.instance(id).instanceId).not.toBe(old)
  })

  it('of the name alone keeps the instance', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { name: 'talk' } })
    expect(world.reconcile().events).toEqual([])
  })

  it('to paused removes the instance, and back places it again', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    world.reconcile()
    expect([world.status(id), Object.keys(world.state.instances).length]).toEqual(['PAUSED', 0])
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: false } })
    world.reconcile()
    expect(world.status(id)).toBe('CONNECTING')
  })
})

describe('a pass', () => {
  it('continues with the other managers if one throws', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    const broken = {
      name: 'broken',
      reconcile: () => {
        throw new Error('bug')
      },
    }
    const marking = {
      name: 'marking',
      reconcile: () => ({ events: [{ type: 'MetaInstanceDeleted' as const, metaInstanceId: id }], needs: [] }),
    }
    const pass = runPass(world.state, world.inputs(), [broken, marking])
    expect(pass.failures.map(({ manager }) => manager)).toEqual(['broken'])
    expect(types(pass.events)).toEqual(['MetaInstanceDeleted'])
  })

  it('removes tasks 60 s after they ended', () => {
    const { world, id } = readyWorld()
    const taskId = TaskId.parse('t')
    const { instanceId } = world.instance(id)
    world.apply({
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Pending', createdAt: world.now },
    })
    world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
    expect(types(world.wait(59_999).reconcile().events)).toEqual([])
    expect(types(world.wait(1).reconcile().events)).toEqual(['TaskDeleted'])
  })
})
