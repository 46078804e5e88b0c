import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../random'
import { beginFlow, beginSending, endSending, FIRST_WINDOW_BYTES, hear, MAX_WINDOW_BYTES, nextWindow } from './flow'
import { Cluster } from './testing/cluster'
import { monotonic } from '../time/clocks'

describe('the records for a follower', () => {
  it('are sent once, however often it reports its position before it has them', () => {
    let flow = beginFlow(0, monotonic(0))
    expect(nextWindow(flow, 1000)).toBe(0)
    flow = endSending(beginSending(flow, monotonic(0)), 300, monotonic(5))
    for (let now = 250; now <= 750; now += 250) {
      flow = hear(flow, { acked: 0, end: 1000, now: monotonic(now) })
      expect(nextWindow(flow, 1000)).toBeUndefined()
    }
    flow = hear(flow, { acked: 300, end: 1000, now: monotonic(800) })
    expect(nextWindow(flow, 1000)).toBe(300)
    expect(flow.window).toBe(2 * FIRST_WINDOW_BYTES)
  })

  it('are sent again if it makes no progress, with growing delays', () => {
    let flow = endSending(beginSending(beginFlow(0, monotonic(0)), monotonic(0)), 300, monotonic(0))
    const times: number[] = []
    for (let now = 0; now < 16_000; now += 250) {
      flow = hear(flow, { acked: 0, end: 1000, now: monotonic(now) })
      if (nextWindow(flow, 1000) === undefined) continue
      times.push(now)
      flow = endSending(beginSending(flow, monotonic(now)), 300, monotonic(now))
    }
    expect(times).toEqual([1000, 3000, 7000, 15_000])
  })

  it('are sent once over a link on which a window takes longer than the first time limit', () => {
    const bytesPerMs = 1000
    const end = 100_000
    const bytesPerRecord = 500
    let flow = beginFlow(0, monotonic(0))
    let [sent, arrivesAt, through] = [0, 0, 0]
    for (let now = 0; flow.acked < end; now += 250) {
      const after = nextWindow(flow, end)
      if (after !== undefined) {
        through = Math.min(end, after + Math.ceil(flow.window / bytesPerRecord))
        sent += through - after
        arrivesAt = now + ((through - after) * bytesPerRecord) / bytesPerMs
        flow = endSending(beginSending(flow, monotonic(now)), through, monotonic(now))
      }
      flow = hear(flow, { acked: now >= arrivesAt ? through : flow.acked, end, now: monotonic(now) })
    }
    expect(flow.window).toBe(MAX_WINDOW_BYTES)
    expect(sent).toBe(end)
  })

  it('are sent at once to a follower that keeps up, while few are in flight', () => {
    let flow = hear(beginFlow(10, monotonic(0)), { acked: 10, end: 10, now: monotonic(0) })
    expect(flow.caughtUp).toBe(true)
    let sent = 0
    for (let end = 11; end < 2000; end += 1) {
      const after = nextWindow(flow, end)
      if (after === undefined) break
      sent += 1
      flow = endSending(beginSending(flow, monotonic(1)), end, monotonic(1))
    }
    expect(sent).toBe(256)
  })

  it('are never beyond the log, never sent twice without a reason, and complete in the end', () => {
    const speeds = fc.record({ end: fc.integer({ min: 1, max: 5000 }), perWindow: fc.integer({ min: 1, max: 700 }) })
    fc.assert(
      fc.property(speeds, ({ end, perWindow }) => {
        let flow = beginFlow(0, monotonic(0))
        let total = 0
        for (let now = 0; flow.acked < end; now += 10) {
          const after = nextWindow(flow, end)
          if (after !== undefined) {
            const through = Math.min(end, after + perWindow)
            total += through - after
            flow = endSending(beginSending(flow, monotonic(now)), through, monotonic(now))
          }
          flow = hear(flow, { acked: flow.sent, end, now: monotonic(now) })
          expect(flow.window).toBeLessThanOrEqual(MAX_WINDOW_BYTES)
        }
        expect(total).toBe(end)
      }),
    )
  })
})

describe('an acknowledgement', () => {
  it('does not wait for a follower that is catching up, but does once it has caught up', () => {
    const two = new Cluster(['a', 'b'], new Random(1))
    two.run(2000)
    const [master = ''] = two.masters()
    const other = master === 'a' ? 'b' : 'a'
    two.crash(other)
    two.run(2000)
    for (let value = 0; value < 400; value += 1) two.propose(master, `v${value}`)
    two.run(500)
    // Records that it lacks are delayed.
    two.slow(master, other, 3000)
    two.restart(other)
    two.run(1500)
    two.propose(master, 'meanwhile')
    two.run(100)
    expect(two.acknowledged).toContain('meanwhile')
    two.slow(master, other, 0)
    two.run(8000)
    expect(two.valuesOf(other)).toContain('meanwhile')
    two.cut(master, other)
    two.propose(master, 'after')
    two.run(200)
    expect(two.acknowledged).not.toContain('after')
  })
})
