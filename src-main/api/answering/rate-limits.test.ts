import { describe, expect, it } from 'vitest'
import { durationText, rateLimited, rateLimitHeaders } from './rate-limits'

describe('the limits of a key in headers', () => {
  it('are those that the key has', () => {
    expect(rateLimitHeaders({ tokens: { limit: 1000, remaining: 250, resetMs: 45_000 } })).toEqual({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '250',
      'x-ratelimit-reset-tokens': '45s',
    })
    expect(rateLimitHeaders({})).toEqual({})
  })

  it.each([
    [0, '0ms'],
    [12.2, '13ms'],
    [1000, '1s'],
    [7460, '7.5s'],
    [59_999, '1m0s'],
    [360_000, '6m0s'],
    [61_001, '1m2s'],
  ])('write %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('say after how many whole seconds a refused request may come again', () => {
    expect(rateLimited({ kind: 'refused', by: 'tokens', retryAfterMs: 1200 }).more.retryAfter).toBe(2)
    expect(rateLimited({ kind: 'refused', by: 'tokens', retryAfterMs: 1 }).more.retryAfter).toBe(1)
  })
})
