import { describe, expect, it } from 'vitest'
import { TaskId } from '@core/ids'
import type { MetaInstanceChanges, OnRequest } from '@core/state/meta-instances'
import { World } from '@core/testing/world'
import { onRequestLine } from './on-request'

const asked = (onRequest: OnRequest, changes?: MetaInstanceChanges) => {
  const world = new World()
  world.addNode('Mac Studio')
  const id = world.declare('asked', { onRequest })
  world.reconcile()
  world.report(id, { status: 'Ready' })
  if (changes) world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes })
  return { world, id, line: () => onRequestLine(world.state, world.metaInstance(id), world.now) }
}

describe('the line about an on-request model', () => {
  it('says when it ends, and how much of its idle time is left', () => {
    const { world, id, line } = asked({ idleSeconds: 300 })
    const { instanceId } = world.instance(id)
    const taskId = TaskId.parse('t')
    const task = { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: 0 } as const
    world.apply({ type: 'TaskCreated', task })
    expect(line()).toBe('On request · ends after 5 min idle')
    world.apply({ type: 'TaskStatusUpdated', taskId, status: 'Complete' }).wait(30_000)
    expect(line()).toBe('On request · ends after 5 min idle · 4 min left')
    world.wait(240_000)
    expect(line()).toBe('On request · ends after 5 min idle · 30 s left')
  })

  it('says that it stays if it is pinned, and is absent for an always-on one', () => {
    expect(asked({}).line()).toBe('On request · stays until its memory is needed')
    expect(asked({ idleSeconds: 5 }, { pinned: true }).line()).toBe('On request · pinned')
    expect(asked({ idleSeconds: 0 }).line()).toBe('On request · ends after its answer · 1 min left')
    expect(asked({ idleSeconds: 5 }, { onRequest: null, pinned: null }).line()).toBeUndefined()
  })
})
