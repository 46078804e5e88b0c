import { describe, expect, it } from 'vitest'
import { InstanceId, MetaInstanceId, ModelId } from '../ids'
import type { Decision } from './event'
import { withDecision, type HistoryEvent } from './history-event'

const metaInstanceId = MetaInstanceId.parse('chat')
const instanceId = InstanceId.parse('instance-1')

const attempt: Decision = {
  type: 'InstanceCreated',
  instance: {
    ...{ instanceId, metaInstanceId, modelId: ModelId.parse('m/small') },
    ...{ sharding: 'Pipeline', instanceMeta: 'MlxRing', shards: [], claims: {}, createdAt: 0 },
  },
}
const failed = (failureError: string): Decision => ({ type: 'InstanceDeleted', instanceId, failureError })
const retried = (failureError: string): Decision => ({
  ...{ type: 'InstanceRetrying', instanceId, metaInstanceId, failureError, runnerIds: [] },
})
const changed: Decision = { type: 'MetaInstanceUpdated', metaInstanceId, changes: { maxContext: 2048 } }

/** The history of these decisions, one per second. */
const historyOf = (...decisions: readonly Decision[]): unknown[] =>
  decisions
    .reduce<readonly HistoryEvent[]>(
      (events, event, at) => withDecision(events, { v: 1, index: at + 1, term: 1, at: at * 1000, event }),
      [],
    )
    .map(({ event, at, repeated }) => {
      const what = 'failureError' in event ? event.failureError : event.type
      return repeated ? [what, at, repeated.times, repeated.since] : [what, at]
    })

describe('a history', () => {
  it('counts failures of one cause, with the attempts between them', () => {
    expect(historyOf(attempt, retried('a: full'), retried('a: full'), failed('a: full'), attempt)).toEqual([
      ['InstanceCreated', 0],
      ['a: full', 3000, 3, 1000],
      ['InstanceCreated', 4000],
    ])
  })

  it('counts each cause of several alternating ones, the latest last', () => {
    const turns = [attempt, failed('a: full'), attempt, failed('b: full')]
    expect(historyOf(...turns, ...turns, ...turns)).toEqual([
      ['InstanceCreated', 0],
      ['a: full', 9000, 3, 1000],
      ['b: full', 11_000, 3, 3000],
    ])
  })

  it('starts counting again after anything that is not a failure', () => {
    expect(historyOf(failed('a: full'), failed('b: full'), changed, failed('a: full'), failed('a: full'))).toEqual([
      ['a: full', 0],
      ['b: full', 1000],
      ['MetaInstanceUpdated', 2000],
      ['a: full', 4000, 2, 3000],
    ])
  })
})
