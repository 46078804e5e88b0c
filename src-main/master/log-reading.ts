import type { NodeId } from '@core/ids'
import type { Directory } from '../disk/directory'
import { sizedRecordsAfter } from './log-reader'
import type { RecentRecords, SizedRecord } from './recent-records'

interface Place {
  /** The record that was given out last. */
  at: number
  readonly records: AsyncGenerator<SizedRecord>
}

/** Reads a log for followers: from memory where they keep up, else from the disk, each going on where it left off. */
export class LogReading {
  private readonly places = new Map<NodeId, Place>()

  constructor(
    private readonly directory: Directory,
    private readonly recent: () => RecentRecords,
  ) {}

  /** The log is another one, or shorter. */
  beginAnew(): void {
    this.places.clear()
  }

  /** What comes after a record, up to `last`. Throws what the disk throws. */
  async *after(reader: NodeId, sequence: number, last: number): AsyncGenerator<SizedRecord> {
    const recent = this.recent().after(sequence)
    if (recent) {
      this.places.delete(reader)
      for (const one of recent) {
        if (one.record.sequence > last) return
        yield one
      }
      return
    }
    const known = this.places.get(reader)
    const place =
      known?.at === sequence ? known : { at: sequence, records: sizedRecordsAfter(this.directory, sequence) }
    this.places.set(reader, place)
    // Not with a loop over it: leaving that early would end the generator, which is gone on with later.
    while (place.at < last) {
      const next = await place.records.next()
      if (next.done === true) {
        // What has been written since is found by looking again.
        this.places.delete(reader)
        return
      }
      place.at = next.value.record.sequence
      yield next.value
    }
    if (place.at >= last) this.places.delete(reader)
  }
}
