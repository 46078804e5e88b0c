import { describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '../generation/stream'
import { RequestRecord } from '../protocols/activity'
import { RequestTiming } from './request-timing'

const head = { id: '1', kind: 'chat', model: 'chat', key: undefined, startedAt: 1_000_000 } as const
const usage = { promptTokens: 100, cachedTokens: 40, completionTokens: 3 }
const delta: GenerationUpdate = { type: 'delta', content: [{ channel: 'text', text: 'secret' }], tokens: 1 }

describe('where the time of a request went', () => {
  it('is waiting, then the prompt, then writing', () => {
    const timing = new RequestTiming(head, 0)
    timing.take({ type: 'progress', processed: 0, total: 90, ahead: 3 }, 150)
    timing.take({ type: 'progress', processed: 0, total: 100 }, 200)
    timing.take(delta, 700)
    timing.take(delta, 1700)
    timing.take({ type: 'finished', reason: 'stop', usage }, 1710)
    const record = timing.record(1710)
    expect(record).toEqual({
      id: '1',
      kind: 'chat',
      model: 'chat',
      startedAt: 1_000_000,
      waitedMs: 200,
      promptMs: 500,
      writingMs: 1000,
      totalMs: 1710,
      ...usage,
      outcome: 'done',
    })
    expect(RequestRecord.parse(record)).toEqual(record)
    expect(JSON.stringify(record)).not.toContain('secret')
  })

  it('is all waiting for a request that never started, with the reason, truncated', () => {
    const timing = new RequestTiming({ ...head, key: 'Ada' }, 0)
    timing.take({ type: 'failed', code: 'model_unavailable', message: 'x'.repeat(5000) }, 30_000)
    expect(timing.record(30_000)).toMatchObject({
      key: 'Ada',
      waitedMs: 30_000,
      totalMs: 30_000,
      outcome: 'failed',
      code: 'model_unavailable',
      error: 'x'.repeat(300),
    })
  })

  it('ends when the client goes away', () => {
    const timing = new RequestTiming(head, 0)
    timing.take({ type: 'progress', processed: 0, total: 100 }, 5)
    expect(timing.record(50)).toMatchObject({ outcome: 'cancelled', waitedMs: 5, promptMs: 45 })
    timing.take({ type: 'finished', reason: 'length', usage }, 60)
    expect(timing.record(60)).toMatchObject({ outcome: 'cut' })
  })
})
