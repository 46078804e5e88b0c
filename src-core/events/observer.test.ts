import { describe, expect, it } from 'vitest'
import { NodeId, TaskId } from '../ids'
import { readyWorld } from '../testing/world'
import { mayObserve } from './observer'

describe('a member’s report on tasks', () => {
  const { world, id } = readyWorld()
  const [mine, other] = [world.addNode('laptop'), world.addNode('other')]
  const { instanceId } = world.instance(id)
  const taskId = TaskId.parse('t')
  const task = { taskId, instanceId, kind: 'generation', takenBy: mine, status: 'Running', createdAt: 0 } as const

  it('is accepted for tasks that it took, from beginning to end', () => {
    expect(mayObserve(world.state, mine, { type: 'TaskCreated', task })).toBe(true)
    world.apply({ type: 'TaskCreated', task })
    for (const event of [
      { type: 'TaskStatusUpdated', taskId, status: 'Complete' },
      { type: 'TaskFailed', taskId, error: 'x' },
    ] as const) {
      expect(mayObserve(world.state, mine, event)).toBe(true)
      expect(mayObserve(world.state, other, event)).toBe(false)
    }
  })

  it('is rejected for tasks of others, without a taker, or that do not exist', () => {
    const { takenBy: _mine, ...nobodys } = task
    expect(mayObserve(world.state, other, { type: 'TaskCreated', task })).toBe(false)
    expect(mayObserve(world.state, other, { type: 'TaskCreated', task: nobodys })).toBe(false)
    expect(mayObserve(world.state, mine, { type: 'TaskFailed', taskId: TaskId.parse('none'), error: 'x' })).toBe(false)
    expect(mayObserve(world.state, NodeId.parse('stranger'), { type: 'TaskDeleted', taskId })).toBe(false)
  })
})
