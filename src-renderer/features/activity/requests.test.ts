import { describe, expect, it } from 'vitest'
import { NodeId, TaskId } from '@core/ids'
import type { RequestRecord } from '@core/protocols/activity'
import { readyWorld } from '@core/testing/world'
import { RequestLog } from '../../state/request-log.svelte'
import { declaredName } from '../cluster/card'
import { matchingRequests, namesOfAsked, partsText, requestsIn } from './requests'

const record: RequestRecord = {
  id: 'r',
  kind: 'chat',
  model: 'chat',
  key: 'Ada',
  startedAt: 1000,
  waitedMs: 20,
  promptMs: 500,
  writingMs: 1200,
  totalMs: 1720,
  promptTokens: 100,
  completionTokens: 13,
  outcome: 'done',
}
const self = NodeId.parse('self')

describe('the list of past requests', () => {
  it('shows the phases of each request, and its speed', () => {
    const [view] = requestsIn([record], { noted: [], self, nameOf: (model) => model })
    expect(view).toMatchObject({ outcome: 'done', tone: 'ready', key: 'Ada', tokensPerSecond: 10 })
    expect(view && partsText(view.parts)).toBe('waited 0.02 s · prompt 0.50 s · wrote 1.20 s')
  })

  it('names a declaration that was requested by its id, and leaves other names as they were sent', () => {
    const { world, id } = readyWorld()
    const nameOf = namesOfAsked(world.state)
    const asked = [id, 'gone', 'mlx-community/some-model'].map((model) => ({ ...record, id: model, model }))
    const views = requestsIn(asked, { noted: [], self, nameOf })
    const declared = Object.values(world.state.metaInstances).map(declaredName)
    expect(views.map(({ model }) => model)).toEqual([...declared, 'gone', 'mlx-community/some-model'])
  })

  it('includes requests of other machines that this window saw, without duplicates and running ones', () => {
    const { world, id } = readyWorld()
    const { instanceId } = world.instance(id)
    const log = new RequestLog()
    const task = { instanceId, kind: 'generation', createdAt: 2000 } as const
    const [other, here] = [world.addNode('other'), world.addNode('here')]
    world.apply(
      { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('theirs'), takenBy: other, status: 'Running' } },
      { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('live'), takenBy: other, status: 'Running' } },
      { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('mine'), takenBy: here, status: 'Running' } },
      { type: 'TaskFailed', taskId: TaskId.parse('theirs'), error: 'out of memory' },
      { type: 'TaskStatusUpdated', taskId: TaskId.parse('mine'), status: 'Complete' },
    )
    log.note(world.state)
    const views = requestsIn([record], { noted: log.all, self: here, nameOf: (model) => model })
    expect(views.map((view) => [view.id, view.outcome, view.error])).toEqual([
      ['theirs', 'failed', 'out of memory'],
      ['r', 'done', undefined],
    ])
    expect(matchingRequests(views, 'memory FAILED').map((view) => view.id)).toEqual(['theirs'])
    expect(matchingRequests(views, 'ada')).toHaveLength(1)
    expect(matchingRequests(views, ' ')).toHaveLength(2)
  })
})
