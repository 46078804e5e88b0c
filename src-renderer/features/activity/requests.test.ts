import { expect, it } from 'vitest'
import { TaskId } from '@core/ids'
import { readyWorld } from '@core/testing/world'
import { RequestLog } from '../../state/request-log.svelte'
import { requestsIn } from './requests'

const asked = () => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  for (const name of ['a', 'b', 'c', 'd']) {
    const task = { taskId: TaskId.parse(name), instanceId, kind: 'generation', status: 'Running' } as const
    world.apply({ type: 'TaskCreated', task: { ...task, createdAt: world.now } })
  }
  return { world, id }
}
const lines = (log: RequestLog) => requestsIn(log.all).map(({ task, word, model }) => `${task.taskId} ${word} ${model}`)

it('lists requests newest first, those that run before those that ended', () => {
  const { world } = asked()
  const log = new RequestLog()
  world.apply({ type: 'TaskStatusUpdated', taskId: TaskId.parse('c'), status: 'Cancelled' })
  world.apply({ type: 'TaskFailed', taskId: TaskId.parse('d'), error: 'out of memory' })
  log.note(world.state)
  expect(lines(log)).toEqual(['b Running small', 'a Running small', 'd Failed small', 'c Cancelled small'])
})

it('remembers what ended, and by which name, when the state has forgotten both', () => {
  const { world, id } = asked()
  const log = new RequestLog()
  log.note(world.state)
  world.command({ type: 'RestartMetaInstance', metaInstanceId: id })
  log.note(world.state)
  for (const taskId of ['a', 'b', 'c', 'd']) world.apply({ type: 'TaskDeleted', taskId: TaskId.parse(taskId) })
  world.reconcile()
  log.note(world.state)
  expect(lines(log)).toEqual(['d Cancelled small', 'c Cancelled small', 'b Cancelled small', 'a Cancelled small'])
})
