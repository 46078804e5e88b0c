import type { LogRecord } from '@core/events/record'
import type { Directory } from '../../disk/directory'
import { decodeRecord, FRAME_HEADER_BYTES, payloadAt } from './record'
import type { SizedRecord } from './recent-records'
import { firstSequenceOf, SEGMENT_HEADER_BYTES } from './segment'

/**
 * Reads the records after a sequence number from disk, in order. Each segment is read when the iteration reaches it, so
 * records appended meanwhile may be included; the iteration ends at the first incomplete one. Throws the disk's errors.
 *
 * @param isWanted told from a record's JSON, which takes a fraction of the time of decoding it
 */
export async function* recordsAfter(
  directory: Directory,
  after: number,
  isWanted?: (payload: Buffer) => boolean,
): AsyncGenerator<LogRecord> {
  for await (const { record } of sizedRecordsAfter(directory, after, isWanted)) yield record
}

/** Like `recordsAfter`, with the size of each record on disk. */
export async function* sizedRecordsAfter(
  directory: Directory,
  after: number,
  isWanted: (payload: Buffer) => boolean = () => true,
): AsyncGenerator<SizedRecord> {
  const names = directory
    .names()
    .filter((name) => firstSequenceOf(name) !== undefined)
    .sort()
  for (const [at, name] of names.entries()) {
    const following = firstSequenceOf(names[at + 1] ?? '')
    if (following !== undefined && following <= after + 1) continue
    const bytes = await directory.read(name).catch((error: unknown) => {
      // Compaction removed the segment meanwhile. A caller that needs every record must check for gaps.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    })
    if (!bytes) continue
    let offset = SEGMENT_HEADER_BYTES
    let sequence = firstSequenceOf(name) ?? 1
    for (let payload = payloadAt(bytes, offset); payload; payload = payloadAt(bytes, offset)) {
      offset += FRAME_HEADER_BYTES + payload.length
      if (sequence > after && isWanted(payload))
        yield { record: decodeRecord(payload), bytes: FRAME_HEADER_BYTES + payload.length }
      sequence += 1
    }
  }
}
