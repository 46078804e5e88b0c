import { describe, expect, it } from 'vitest'
import { ModelId, TaskId } from '../ids'
import { readyWorld, SMALL, World } from '../testing/world'
import { routeOf, targetOf } from './route'

describe('a request for a model', () => {
  it('finds it by its id, by the name of a declaration and by the declaration’s id', () => {
    const world = new World()
    world.addNode('mini')
    const id = world.declare('first', { name: 'chat' })
    world.reconcile()
    world.report(id, { status: 'Ready' })
    for (const model of [SMALL, 'chat', id]) expect(routeOf(world.state, model)).toMatchObject({ kind: 'ready' })
    expect(routeOf(world.state, 'nobody/nothing')).toEqual({ kind: 'unknown' })
  })

  it('for a model’s id goes to that model, even if an older log has the id as the name or id of another declaration', () => {
    const world = new World()
    world.addNode('mini')
    const first = world.declare('first')
    const named = world.declare('second')
    const other = ModelId.parse('m/other')
    const called = (name: string): void =>
      void world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: named, changes: { name } })
    world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: named, changes: { modelId: other } })
    const askedFor = (model: string) => targetOf(world.state, model).metaInstances.map((one) => one.metaInstanceId)
    called(SMALL)
    expect([askedFor(SMALL), askedFor(other)]).toEqual([[first], [named]])
    called('first')
    expect(askedFor('first')).toEqual([first])
  })

  it('is refused at once if its on-request declaration fits nowhere, but waits for an always-on one', () => {
    const world = new World()
    world.addNode('mini', { free: 1e9 })
    world.declare('asked', { onRequest: { idleSeconds: 5 } })
    expect(routeOf(world.state, SMALL)).toMatchObject({ kind: 'wait' })
    world.reconcile()
    expect(routeOf(world.state, SMALL)).toEqual({ kind: 'refused', reason: expect.stringContaining('1 GB') as string })
    world.declare('kept')
    world.reconcile()
    expect(routeOf(world.state, SMALL)).toMatchObject({ kind: 'wait' })
  })

  it('goes to the least busy instance', () => {
    const { world, id } = readyWorld()
    const second = world.declare('second')
    world.reconcile()
    world.report(second, { status: 'Ready' })
    const { instanceId } = world.instance(id)
    world.apply({
      type: 'TaskCreated',
      task: { taskId: TaskId.parse('t'), instanceId, kind: 'generation', status: 'Running', createdAt: 0 },
    })
    expect(routeOf(world.state, SMALL)).toMatchObject({ instance: { instanceId: world.instance(second).instanceId } })
  })

  it('counts requests just sent to an instance that the state does not contain yet', () => {
    const { world, id } = readyWorld()
    const second = world.declare('second')
    world.reconcile()
    world.report(second, { status: 'Ready' })
    const [one, other] = [world.instance(id).instanceId, world.instance(second).instanceId]
    const underWay = new Map([[TaskId.parse('t'), { instanceId: one }]])
    expect(routeOf(world.state, SMALL, { underWay })).toMatchObject({ instance: { instanceId: other } })
    for (const instanceId of [one, other, other])
      world.apply({
        type: 'TaskCreated',
        task: {
          taskId: TaskId.parse(instanceId === one ? 't' : `t ${world.log.length}`),
          instanceId,
          kind: 'generation',
          status: 'Running',
          createdAt: 0,
        },
      })
    // Requests that the state already contains are not counted twice.
    expect(routeOf(world.state, SMALL, { underWay })).toMatchObject({ instance: { instanceId: one } })
  })

  it('never returns to a runner that has just failed it, and waits for another attempt if there is no other', () => {
    const { world, id } = readyWorld()
    const second = world.declare('second')
    world.reconcile()
    world.report(second, { status: 'Ready' })
    const runnerOf = (metaInstanceId: typeof id) => world.instance(metaInstanceId).shards[0]?.runnerId ?? fail()
    const lost = new Set([runnerOf(id)])
    expect(routeOf(world.state, SMALL, { lost })).toMatchObject({
      instance: { instanceId: world.instance(second).instanceId },
    })
    lost.add(runnerOf(second))
    expect(routeOf(world.state, SMALL, { lost })).toMatchObject({ kind: 'wait' })
    world.fail(id)
    world.reconcile()
    world.report(id, { status: 'Ready' })
    expect(routeOf(world.state, SMALL, { lost })).toMatchObject({
      instance: { instanceId: world.instance(id).instanceId },
    })
  })

  it('waits with the reason while the model is loaded or retried', () => {
    const { world, id } = readyWorld()
    world.fail(id)
    world.reconcile()
    expect(routeOf(world.state, SMALL)).toEqual({
      kind: 'wait',
      reason: 'RETRYING (1/3): Mac Studio: out of memory · starting on Mac Studio',
    })
  })

  it('is refused at once if the model is paused', () => {
    const { world, id } = readyWorld()
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    world.reconcile()
    expect(routeOf(world.state, SMALL)).toEqual({ kind: 'paused' })
  })
})

const fail = (): never => {
  throw new Error('there is no such runner')
}
