import { describe, expect, it } from 'vitest'
import type { LogRecord } from '@core/events/record'
import { RecentRecords } from './recent-records'
import { SELF } from '../testing/scratch-log'

const record = (sequence: number): LogRecord => ({ sequence, kind: 'term', term: sequence, master: SELF })
const filled = (to: number, bytes: number): RecentRecords => {
  const recent = new RecentRecords()
  for (let sequence = 1; sequence <= to; sequence += 1) recent.add(record(sequence), bytes)
  return recent
}

/** Number of records in memory, out of `of`. */
const kept = (recent: RecentRecords, of: number): number => {
  let first = of
  while (first > 0 && recent.after(first - 1)) first -= 1
  return of - first
}

describe('the records kept for followers', () => {
  it('are all records after a sequence number, if all of them are in memory', () => {
    const recent = filled(10, 100)
    expect(recent.after(7)?.map((one) => one.record.sequence)).toEqual([8, 9, 10])
    expect(recent.after(10)).toEqual([])
    expect(new RecentRecords().after(0)).toBeUndefined()
  })

  it('are at least a thousand, and at most two thousand', () => {
    for (const count of [2000, 2001, 5555]) {
      expect(kept(filled(count, 100), count)).toBeGreaterThanOrEqual(1000)
      expect(kept(filled(count, 100), count)).toBeLessThanOrEqual(2000)
    }
  })

  it('are few if they are large', () => {
    const mebibyte = 2 ** 20
    expect(kept(filled(100, mebibyte), 100)).toBeLessThanOrEqual(8)
    expect(kept(filled(100, mebibyte), 100)).toBeGreaterThan(0)
  })
})
