import type { LogRecord } from '@core/events/record'

/** A record with its bytes on the disk. */
export interface SizedRecord {
  readonly record: LogRecord
  readonly bytes: number
}

const MOST_RECORDS = 1000
const MOST_BYTES = 4 * 1024 * 1024

/** The end of a log, kept in memory: what followers lack is almost always in it. */
export class RecentRecords {
  private kept: SizedRecord[] = []
  private bytes = 0

  add(record: LogRecord, bytes: number): void {
    this.kept.push({ record, bytes })
    this.bytes += bytes
    if (this.kept.length > 2 * MOST_RECORDS || this.bytes > 2 * MOST_BYTES) this.shorten()
  }

  /** All records after one, oldest first; undefined where not all of them are kept. */
  after(sequence: number): readonly SizedRecord[] | undefined {
    const first = this.kept[0]?.record.sequence
    if (first === undefined || sequence + 1 < first) return undefined
    return this.kept.slice(sequence + 1 - first)
  }

  private shorten(): void {
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
