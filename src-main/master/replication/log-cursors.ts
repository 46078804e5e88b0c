import type { NodeId } from '@core/ids'
import type { Directory } from '../../disk/directory'
import { sizedRecordsAfter } from '../log/log-reader'
import type { RecentRecords, SizedRecord } from '../log/recent-records'

interface Cursor {
  /** Sequence number of the last record that it returned. */
  at: number
  readonly records: AsyncGenerator<SizedRecord>
}

/**
 * Reads a log for its followers: from memory if they keep up, otherwise from disk. Each follower that reads from disk has
 * a cursor, so that consecutive reads do not scan a segment from its start.
 */
export class LogCursors {
  private readonly cursors = new Map<NodeId, Cursor>()

  constructor(
    private readonly directory: Directory,
    private readonly recent: () => RecentRecords,
  ) {}

  /** Discards all cursors. Call it after the log was truncated or replaced. */
  reset(): void {
    this.cursors.clear()
  }

  /**
   * The records after `sequence` up to and including `last`, or fewer if they are not on disk yet. The caller may stop
   * early; the next call for this reader then continues there. Throws the disk's errors.
   */
  async *after(reader: NodeId, sequence: number, last: number): AsyncGenerator<SizedRecord> {
    const recent = this.recent().after(sequence)
    if (recent) {
      this.cursors.delete(reader)
      for (const one of recent) {
        if (one.record.sequence > last) return
        yield one
      }
      return
    }
    const known = this.cursors.get(reader)
    const cursor =
      known?.at === sequence ? known : { at: sequence, records: sizedRecordsAfter(this.directory, sequence) }
    this.cursors.set(reader, cursor)
    // Not `for await`: leaving that loop early would end the generator, which the next call continues.
    while (cursor.at < last) {
      const next = await cursor.records.next()
      if (next.done === true) {
        // The generator has ended; records written since need a new one.
        this.cursors.delete(reader)
        return
      }
      cursor.at = next.value.record.sequence
      yield next.value
    }
    if (cursor.at >= last) this.cursors.delete(reader)
  }
}
