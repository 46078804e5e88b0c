import { describe, expect, it } from 'vitest'
import { InstanceId, NodeId, RunnerId, TaskId } from '../ids'
import type { RunnerStatus } from '../state/runners'
import { readyWorld, World } from '../testing/world'
import { plan } from './plan'

const studio = NodeId.parse('Mac Studio')
const none = { runners: new Map<RunnerId, RunnerStatus>(), tasks: new Set<TaskId>() }
const having = (runnerId: RunnerId, status: RunnerStatus) => ({ ...none, runners: new Map([[runnerId, status]]) })

const runnerOf = (world: World, id: Parameters<World['instance']>[0]): RunnerId => {
  const [shard] = world.instance(id).shards
  if (!shard) throw new Error('no shard')
  return shard.runnerId
}

describe('a worker', () => {
  it('starts a runner for each shard of its own, and for no other node', () => {
    const world = new World()
    world.addNode('Mac Studio')
    const id = world.declare()
    world.reconcile()
    expect(plan(world.state, studio, none)).toMatchObject([{ kind: 'start', shard: { runnerId: runnerOf(world, id) } }])
    expect(plan(world.state, NodeId.parse('other'), none)).toEqual([])
  })

  it('after a restart first reports its runners as gone, then starts them, and no failure is counted', () => {
    const { world, id } = readyWorld()
    const runnerId = runnerOf(world, id)
    expect(plan(world.state, studio, none)).toEqual([{ kind: 'reportDeleted', runnerId }])
    world.apply({ type: 'RunnerDeleted', runnerId })
    expect(plan(world.state, studio, none)).toMatchObject([{ kind: 'start' }])
    expect(world.reconcile().events).toEqual([])
  })

  it('starts nothing before the state says how much memory this machine has', () => {
    const { world, id } = readyWorld()
    world.apply({ type: 'RunnerDeleted', runnerId: runnerOf(world, id) })
    const { [studio]: node, ...nodes } = world.state.nodes
    expect(node).toBeDefined()
    expect(plan({ ...world.state, nodes }, studio, none)).toEqual([])
    expect(plan(world.state, studio, none)).toMatchObject([{ kind: 'start' }])
  })

  it('starts nothing where this machine was started again to run no models', () => {
    const { world, id } = readyWorld()
    world.apply({ type: 'RunnerDeleted', runnerId: runnerOf(world, id) })
    world.addNode('Mac Studio', { worker: false })
    expect(plan(world.state, studio, none)).toEqual([])
  })

  it('stops runners that the state no longer has', () => {
    const { world, id } = readyWorld()
    const runnerId = runnerOf(world, id)
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    expect(plan(world.state, studio, having(runnerId, { status: 'Ready' }))).toEqual([{ kind: 'stop', runnerId }])
  })

  it('reports again what the state lacks, and nothing if they agree', () => {
    const { world, id } = readyWorld()
    const runnerId = runnerOf(world, id)
    expect(plan(world.state, studio, having(runnerId, { status: 'Ready' }))).toEqual([])
    const failed = { status: 'Failed', errorMessage: 'out of memory' } as const
    expect(plan(world.state, studio, having(runnerId, failed))).toEqual([{ kind: 'report', runnerId, status: failed }])
  })

  it('starts nothing for a failed runner until the master has decided', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    expect(plan(world.state, studio, none)).toEqual([])
    world.reconcile()
    expect(plan(world.state, studio, none)).toMatchObject([{ kind: 'start' }])
  })

  it('cancels a task that was cancelled while a runner works on it', () => {
    const { world, id } = readyWorld()
    const taskId = TaskId.parse('t')
    const { instanceId } = world.instance(id)
    world.apply({
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: 0 },
    })
    const running = { ...having(runnerOf(world, id), { status: 'Ready' }), tasks: new Set([taskId]) }
    expect(plan(world.state, studio, running)).toEqual([])
    world.command({ type: 'CancelTask', taskId })
    expect(plan(world.state, studio, running)).toEqual([{ kind: 'cancel', taskId, instanceId }])
  })
})

describe('a worker whose instance has ranks elsewhere', () => {
  const mini = NodeId.parse('Mac mini')
  const [mine, other] = [RunnerId.parse('mine'), RunnerId.parse('other')]
  const failed = { status: 'Failed', errorMessage: 'out of memory' } as const
  const because = [
    { kind: 'giveUp', runnerId: mine, reason: { code: 'failures.stopped', values: { name: 'Mac mini' } } },
  ]

  const shared = (): World => {
    const world = new World()
    world.addNode('Mac Studio')
    world.addNode('Mac mini')
    world.declare()
    world.reconcile()
    const [instance] = Object.values(world.state.instances)
    const [shard] = instance?.shards ?? []
    if (!instance || !shard) throw new Error('nothing was placed')
    const shards = [
      { ...shard, nodeId: studio, runnerId: mine, rank: 0, worldSize: 2 },
      { ...shard, nodeId: mini, runnerId: other, rank: 1, worldSize: 2 },
    ]
    world.apply({ type: 'InstanceDeleted', instanceId: instance.instanceId })
    world.apply({ type: 'InstanceCreated', instance: { ...instance, instanceId: InstanceId.parse('both'), shards } })
    return world.apply(
      { type: 'RunnerStatusUpdated', runnerId: mine, status: 'Ready' },
      { type: 'RunnerStatusUpdated', runnerId: other, status: 'Ready' },
    )
  }

  it('leaves its runner alone while the others run', () => {
    expect(plan(shared().state, studio, having(mine, { status: 'Ready' }))).toEqual([])
  })

  it('gives up its runner once another failed, even one that it has not started', () => {
    const world = shared().apply({ type: 'RunnerStatusUpdated', runnerId: other, ...failed })
    expect(plan(world.state, studio, having(mine, { status: 'Ready' }))).toEqual(because)
    expect(plan(world.state, studio, none)).toEqual(because)
  })

  it('does nothing more once its own has ended, and the rank that failed gives nothing up', () => {
    const world = shared().apply({ type: 'RunnerStatusUpdated', runnerId: other, ...failed })
    expect(plan(world.state, mini, having(other, failed))).toEqual([])
    const ended = { status: 'Failed', errorMessage: 'stopped because Mac mini failed', consequence: true } as const
    expect(plan(world.state, studio, having(mine, ended))).toEqual([{ kind: 'report', runnerId: mine, status: ended }])
    world.apply({ type: 'RunnerStatusUpdated', runnerId: mine, ...ended })
    expect(plan(world.state, studio, having(mine, ended))).toEqual([])
    expect(plan(world.state, mini, having(other, failed))).toEqual([])
  })
})
