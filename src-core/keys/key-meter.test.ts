import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyMeter } from './key-meter'

const MINUTE = 60_000

describe('a key with limits', () => {
  it('may send a minute’s requests at once, and then one whenever its bucket has refilled', () => {
    const meter = new KeyMeter()
    const limits = { requestsPerMinute: 3 }
    const begin = (now: number) => meter.begin(limits, { tokens: 5, now })
    for (let count = 0; count < 3; count += 1) expect(begin(0)).toEqual({ kind: 'admitted' })
    expect(begin(0)).toEqual({ kind: 'refused', by: 'requests', retryAfterMs: MINUTE / 3 })
    expect(meter.standings(limits, 0)).toEqual({ requests: { limit: 3, remaining: 0, resetMs: MINUTE } })
    expect(begin(MINUTE / 3 - 1).kind).toBe('refused')
    expect(begin(MINUTE / 3).kind).toBe('admitted')
  })

  it('has a limit of concurrent requests, and may send the next when one has ended', () => {
    const meter = new KeyMeter()
    const limits = { concurrent: 2 }
    const begin = () => meter.begin(limits, { tokens: 5, now: 0 }).kind
    expect([begin(), begin(), begin()]).toEqual(['admitted', 'admitted', 'refused'])
    meter.end(limits, { expected: 5, used: 9, began: 0, now: 0 })
    expect([begin(), begin()]).toEqual(['admitted', 'refused'])
  })

  it('at its concurrency limit may retry when a request is likely to have ended', () => {
    const meter = new KeyMeter()
    const limits = { concurrent: 2 }
    const refused = (now: number) => meter.begin(limits, { tokens: 5, now })
    meter.begin(limits, { tokens: 5, now: 0 })
    meter.begin(limits, { tokens: 5, now: 0 })
    expect(refused(0)).toEqual({ kind: 'refused', by: 'concurrent', retryAfterMs: 1000 })
    meter.end(limits, { expected: 5, used: 5, began: 0, now: 30_000 })
    meter.begin(limits, { tokens: 5, now: 30_000 })
    expect(refused(30_000)).toEqual({ kind: 'refused', by: 'concurrent', retryAfterMs: 15_000 })
    meter.end(limits, { expected: 5, used: 5, began: 0, now: 10_000_000 })
    meter.begin(limits, { tokens: 5, now: 10_000_000 })
    expect(refused(10_000_000)).toMatchObject({ retryAfterMs: 60_000 })
  })

  it('pays for the tokens a request used, not for those expected', () => {
    const meter = new KeyMeter()
    const limits = { tokensPerMinute: 600 }
    meter.begin(limits, { tokens: 500, now: 0 })
    expect(meter.begin(limits, { tokens: 200, now: 0 })).toMatchObject({ kind: 'refused', by: 'tokens' })
    meter.end(limits, { expected: 500, used: 100, began: 0, now: 0 })
    expect(meter.standings(limits, 0).tokens).toMatchObject({ remaining: 500 })
    meter.begin(limits, { tokens: 200, now: 0 })
    meter.end(limits, { expected: 200, used: 800, began: 0, now: 0 })
    // Overdrawn by 300: even the smallest request waits until that is refilled.
    expect(meter.begin(limits, { tokens: 0, now: 0 })).toMatchObject({ by: 'tokens', retryAfterMs: 30_100 })
  })

  it('may send a request larger than a minute’s allowance if its bucket is full', () => {
    const meter = new KeyMeter()
    const limits = { tokensPerMinute: 100 }
    expect(meter.begin(limits, { tokens: 5000, now: 0 }).kind).toBe('admitted')
    expect(meter.begin(limits, { tokens: 1, now: MINUTE }).kind).toBe('refused')
  })

  it('never sends more in a period than its limit allows for the period and one minute', () => {
    const attempts = fc.array(fc.record({ wait: fc.nat(20_000), tokens: fc.nat(400) }), { maxLength: 100 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), attempts, (requestsPerMinute, all) => {
        const meter = new KeyMeter()
        let now = 0
        let admitted = 0
        for (const { wait, tokens } of all) {
          now += wait
          const verdict = meter.begin({ requestsPerMinute }, { tokens, now })
          if (verdict.kind === 'admitted') admitted += 1
          // A retry is admitted after exactly the announced delay, and not before.
          else {
            expect(meter.begin({ requestsPerMinute }, { tokens, now: now + verdict.retryAfterMs - 1 }).kind).toBe(
              'refused',
            )
          }
          expect(admitted).toBeLessThanOrEqual(requestsPerMinute * (1 + now / MINUTE) + 1e-6)
        }
      }),
    )
  })

  it('without limits is never refused and has no standings', () => {
    const meter = new KeyMeter()
    for (let count = 0; count < 100; count += 1) expect(meter.begin({}, { tokens: 1e9, now: 0 }).kind).toBe('admitted')
    expect(meter.standings({}, 0)).toEqual({})
  })
})
