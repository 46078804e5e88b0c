import { describe, expect, it } from 'vitest'
import { routeOf } from '../generation/route'
import { ModelId, TaskId, type MetaInstanceId, type NodeId } from '../ids'
import { modelsOnMachine } from '../state/drain'
import { GB, SMALL, smallCard, World } from '../testing/world'

const drain = (world: World, nodeId: NodeId, drained = true) => world.command({ type: 'DrainMember', nodeId, drained })

const machinesOf = (world: World, id: MetaInstanceId): string[] =>
  Object.values(world.state.instances)
    .filter(({ metaInstanceId }) => metaInstanceId === id)
    .map(({ shards }) => shards.map(({ nodeId }) => nodeId).join())

/** A declaration that is ready on the first of two machines. */
const running = () => {
  const world = new World()
  const studio = world.addNode('studio')
  const id = world.declare()
  world.reconcile()
  world.report(id, { status: 'Ready' })
  return { world, studio, id }
}

describe('a machine that is drained', () => {
  it('keeps a model until it is ready elsewhere, and then is empty', () => {
    const { world, studio, id } = running()
    world.addNode('mini')
    drain(world, studio)
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['studio', 'mini'])
    expect(world.status(id)).toBe('READY')
    const moved = Object.values(world.state.instances).find(({ replaces }) => replaces !== undefined)
    for (const { runnerId } of moved?.shards ?? [])
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['mini'])
    expect(modelsOnMachine(world.state, studio)).toEqual([])
  })

  it('keeps a model that fits nowhere else, says why, and tries again only after a change', () => {
    const { world, studio, id } = running()
    drain(world, studio)
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['studio'])
    expect(modelsOnMachine(world.state, studio)).toMatchObject([
      { label: 'm/small', stuck: expect.stringMatching(/studio/) as string },
    ])
    expect(world.reconcile().events).toEqual([])
    world.addNode('mini')
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['studio', 'mini'])
  })

  it('gets nothing new, not even a declaration that names it', () => {
    const world = new World()
    const studio = world.addNode('studio')
    drain(world, studio)
    const id = world.declare('chat', { nodeIds: [studio] })
    world.reconcile()
    expect(machinesOf(world, id)).toEqual([])
    expect(world.metaInstance(id).placementError?.reason).toContain('studio: is drained')
    drain(world, studio, false)
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['studio'])
  })

  it('stays drained through its own restart and under another name', () => {
    const { world, studio } = running()
    drain(world, studio)
    world.command({ type: 'RenameMember', nodeId: studio, friendlyName: 'Kitchen' })
    const { certificate = '' } = world.state.members[studio] ?? {}
    world.command({ type: 'AdmitMember', member: { nodeId: studio, certificate, friendlyName: 'studio' } })
    expect(world.state.members[studio]).toMatchObject({ friendlyName: 'Kitchen', drained: true })
  })

  it('drained twice is drained once', () => {
    const { world, studio } = running()
    drain(world, studio)
    const from = world.log.length
    drain(world, studio)
    expect(world.log.length).toBe(from)
    drain(world, studio, false)
    expect(world.state.members[studio]).not.toHaveProperty('drained')
  })
})

describe('an instance whose replacement is ready', () => {
  it('finishes the running requests, gets no new ones, and is not waited for without end', () => {
    const { world, studio, id } = running()
    world.addNode('mini')
    const [old] = Object.values(world.state.instances)
    if (!old) throw new Error('nothing is placed')
    world.apply({
      type: 'TaskCreated',
      task: {
        ...{ taskId: TaskId.parse('t'), kind: 'generation', status: 'Running', createdAt: 1 },
        instanceId: old.instanceId,
      },
    })
    drain(world, studio)
    world.reconcile()
    const moved = Object.values(world.state.instances).find(({ replaces }) => replaces !== undefined)
    for (const { runnerId } of moved?.shards ?? [])
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
    world.reconcile()
    expect(machinesOf(world, id)).toEqual(['studio', 'mini'])
    expect(routeOf(world.state, SMALL)).toMatchObject({ kind: 'ready', instance: { instanceId: moved?.instanceId } })
    world.wait(121_000).reconcile()
    expect(machinesOf(world, id)).toEqual(['mini'])
  })
})

describe('a temporary declaration that is evicted while it is being replaced', () => {
  it('ends once, with both its instances', () => {
    const world = new World()
    world.addNode('mini', { free: 12 * GB, total: 16 * GB })
    const asked = world.declare('asked', { onRequest: { idleSeconds: 0 } })
    world.reconcile()
    world.report(asked, { status: 'Ready' })
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: asked, changes: { maxContext: 64 } })
    world.reconcile()
    expect(machinesOf(world, asked)).toHaveLength(2)
    const from = world.log.length
    const modelId = ModelId.parse('m/large')
    world.cards[modelId] = { status: 'loaded', card: { ...smallCard, modelId, storageBytes: 9 * GB } }
    world.declare('large', { modelId })
    world.reconcile()
    const ended = world.log.slice(from).filter(({ type }) => type === 'MetaInstanceDeleted')
    expect(ended).toHaveLength(1)
    expect(machinesOf(world, asked)).toEqual([])
  })
})
