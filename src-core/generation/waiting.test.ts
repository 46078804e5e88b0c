import { describe, expect, it } from 'vitest'
import { estimatedTokens, meanServiceMs, retryAfterSeconds } from './waiting'

describe('a refused request', () => {
  it.each([
    [{ serviceMs: 4000, waiting: 20, batchSize: 2 }, 20],
    [{ serviceMs: 4000, waiting: 0, batchSize: 32 }, 1],
    [{ serviceMs: 600_000, waiting: 1000, batchSize: 1 }, 60],
    [{ serviceMs: undefined, waiting: 64, batchSize: 32 }, 5],
  ])('of %j should be retried after %i s', (waiting, seconds) => {
    expect(retryAfterSeconds(waiting)).toBe(seconds)
  })

  it('gives more weight to the latest requests than to earlier ones', () => {
    const mean = [1000, 1000, 9000, 9000, 9000].reduce<number | undefined>(meanServiceMs, undefined) ?? 0
    expect(mean).toBeGreaterThan(4000)
    expect(mean).toBeLessThan(9000)
  })
})

describe('the tokens of a request', () => {
  it('are estimated from its texts and its token limit', () => {
    const parts = [
      { type: 'text' as const, text: 'x'.repeat(400) },
      { type: 'image' as const, mediaType: 'image/png' as const, data: 'AAAA' },
    ]
    const prompt = { kind: 'chat' as const, messages: [{ role: 'user' as const, parts }] }
    expect([estimatedTokens({ prompt }), estimatedTokens({ prompt, maxTokens: 50 })]).toEqual([100, 150])
  })
})
