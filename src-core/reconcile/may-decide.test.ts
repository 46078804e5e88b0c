import { describe, expect, it } from 'vitest'
import type { Event } from '../events/event'
import { MetaInstanceId, TaskId } from '../ids'
import { World } from '../testing/world'
import { mayDecide } from './may-decide'

const deciding = (onRequest?: { idleSeconds: number }): World => {
  const world = new World()
  world.addNode('Mac Studio')
  world.declare('asked', onRequest && { onRequest })
  world.reconcile()
  return world
}

describe('a pass', () => {
  /** What happens to requests, and whether a pass is due after each of them. */
  const due = (world: World, events: readonly Event[]): boolean[] =>
    events.map((event) => mayDecide(world.apply(event).state, event))

  const created = (world: World, name: string): Event => {
    const { instanceId } = world.instance(MetaInstanceId.parse('asked'))
    const taskId = TaskId.parse(name)
    return {
      type: 'TaskCreated',
      task: { taskId, instanceId, kind: 'generation', status: 'Pending', createdAt: world.now },
    }
  }
  const told = (name: string, status: 'Running' | 'Complete'): Event => {
    return { type: 'TaskStatusUpdated', taskId: TaskId.parse(name), status }
  }
  const failed = (name: string): Event => ({ type: 'TaskFailed', taskId: TaskId.parse(name), error: 'odd' })

  it('is due at the end of the last request of a temporary declaration, which may become idle then', () => {
    const world = deciding({ idleSeconds: 5 })
    const events = [created(world, 'a'), created(world, 'b'), told('a', 'Running'), told('a', 'Complete'), failed('b')]
    expect(due(world, events)).toEqual([false, false, false, false, true])
    expect(due(world, [created(world, 'c'), told('c', 'Complete')])).toEqual([false, true])
  })

  it('is never due after a request of an always-on declaration', () => {
    const world = deciding()
    const events = [created(world, 'a'), told('a', 'Running'), told('a', 'Complete'), failed('unknown')]
    expect(due(world, events)).toEqual([false, false, false, false])
  })

  it('is due after every other event', () => {
    const { state, log } = deciding()
    expect(log.length).toBeGreaterThan(1)
    for (const event of log) expect(mayDecide(state, event)).toBe(true)
  })
})
