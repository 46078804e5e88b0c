import { describe, expect, it } from 'vitest'
import type { Event } from '../events/event'
import { TaskId } from '../ids'
import { World } from '../testing/world'
import { mayDecide } from './may-decide'

const ended: Event = { type: 'TaskStatusUpdated', taskId: TaskId.parse('t'), status: 'Complete' }

const deciding = (onRequest?: { idleSeconds: number }): World => {
  const world = new World()
  world.addNode('Mac Studio')
  world.declare('asked', onRequest && { onRequest })
  world.reconcile()
  return world
}

describe('a pass', () => {
  it('is due at the end of a task only where a declaration may become idle by it', () => {
    expect(mayDecide(deciding().state, ended)).toBe(false)
    expect(mayDecide(deciding({ idleSeconds: 5 }).state, ended)).toBe(true)
  })

  it('is due whenever anything else happens', () => {
    const { state, log } = deciding()
    expect(log.length).toBeGreaterThan(1)
    for (const event of log) expect(mayDecide(state, event)).toBe(true)
  })
})
