import type { LogRecord } from '@core/events/record'

/** A record with its size on disk. */
export interface SizedRecord {
  readonly record: LogRecord
  readonly bytes: number
}

const MOST_RECORDS = 1000
const MOST_BYTES = 4 * 1024 * 1024

/**
 * The latest records of a log, in memory: a follower that keeps up never needs older ones. Holds at most twice
 * `MOST_RECORDS` and `MOST_BYTES`, and is then trimmed to those limits.
 */
export class RecentRecords {
  private kept: SizedRecord[] = []
  private bytes = 0

  add(record: LogRecord, bytes: number): void {
    this.kept.push({ record, bytes })
    this.bytes += bytes
    if (this.kept.length > 2 * MOST_RECORDS || this.bytes > 2 * MOST_BYTES) this.trim()
  }

  /** All records after `sequence`, oldest first; undefined if some of them are no longer in memory. */
  after(sequence: number): readonly SizedRecord[] | undefined {
    const first = this.kept[0]?.record.sequence
    if (first === undefined || sequence + 1 < first) return undefined
    return this.kept.slice(sequence + 1 - first)
  }

  private trim(): void {
    let from = this.kept.length
    let bytes = 0
    for (; from > 0 && this.kept.length - from < MOST_RECORDS; from -= 1) {
      bytes += this.kept[from - 1]?.bytes ?? 0
      if (bytes > MOST_BYTES) break
    }
    this.kept = this.kept.slice(from)
    this.bytes = this.kept.reduce((sum, one) => sum + one.bytes, 0)
  }
}
