import { expect, it } from 'vitest'
import { TaskId } from '@core/ids'
import { readyWorld } from '@core/testing/world'
import { requestsIn } from './requests'

it('lists requests newest first, those that run before those that ended', () => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  for (const name of ['a', 'b', 'c', 'd']) {
    const task = { taskId: TaskId.parse(name), instanceId, kind: 'generation', status: 'Running' } as const
    world.apply({ type: 'TaskCreated', task: { ...task, createdAt: world.now } })
  }
  world.apply({ type: 'TaskStatusUpdated', taskId: TaskId.parse('c'), status: 'Cancelled' })
  world.apply({ type: 'TaskFailed', taskId: TaskId.parse('d'), error: 'out of memory' })
  expect(requestsIn(world.state).map(({ task, word, model }) => `${task.taskId} ${word} ${model}`)).toEqual([
    'b Running small',
    'a Running small',
    'd Failed small',
    'c Cancelled small',
  ])
})
