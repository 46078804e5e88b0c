import { join } from 'node:path'
import type { Directory } from '../../disk/directory'
import { MasterError, damaged } from '../errors'
import type { LogRecord } from '@core/events/record'
import { decodeRecord, FRAME_HEADER_BYTES, payloadAt } from './record'

const MAGIC = Buffer.from('MSTR', 'latin1')
const VERSION = 1

/** Segment header: the magic bytes `MSTR`, then the format version as 32-bit little-endian. */
export const SEGMENT_HEADER_BYTES = 8

export const segmentHeader = (): Buffer => {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 4)
  return header
}

/** Named after the sequence number of its first record, zero-padded so that names sort: `00000000000000000042.log`. */
export const segmentName = (firstSequence: number): string => `${String(firstSequence).padStart(20, '0')}.log`

export const firstSequenceOf = (name: string): number | undefined => {
  const match = /^(\d{20})\.log$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** Sequence number of the last record removed by compaction; 0 if the segments hold every record. */
export const lastCompacted = (directory: Directory): number => {
  const firsts = directory.names().flatMap((name) => firstSequenceOf(name) ?? [])
  return firsts.length === 0 ? 0 : Math.min(...firsts) - 1
}

export interface SegmentContent {
  /** The decoded records after `after`. */
  readonly records: readonly LogRecord[]
  /** Sequence number of its last record; `from - 1` if it has none. */
  readonly last: number
  /** Offset in bytes at which the last valid record ends. */
  readonly validBytes: number
  /** The bytes after it: a torn write. Empty if there was none. */
  readonly torn: Buffer
}

const hasValidFrameAfter = (bytes: Buffer, offset: number): boolean => {
  for (let at = offset; at + FRAME_HEADER_BYTES < bytes.length; at += 1) if (payloadAt(bytes, at)) return true
  return false
}

/** A crash between creating a segment and syncing its header leaves no header, a part of one, or zeros. */
const lacksHeader = (bytes: Buffer): boolean =>
  bytes.length < SEGMENT_HEADER_BYTES ||
  (bytes.length === SEGMENT_HEADER_BYTES && bytes.equals(Buffer.alloc(SEGMENT_HEADER_BYTES)))

const checkHeader = (file: string, bytes: Buffer): void => {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC))
    throw damaged(file, 0, 'it does not begin as a log of Muster does')
  const version = bytes.readUInt32LE(4)
  if (version > VERSION) {
    throw new MasterError(
      'log_too_new',
      `${file} was written by a newer Muster (version ${version})`,
      'Update Muster on this machine.',
    )
  }
}

/**
 * Reads one segment and verifies every checksum. Records up to `after` are not decoded, because a snapshot covers them.
 * Throws MasterError: `log_too_new`, or `log_damaged` for anything but a torn write. A bad record is a torn write only
 * in the last segment, and only if no valid record follows it.
 *
 * @param from sequence number of the segment's first record
 */
export const readSegment = (
  directory: Directory,
  name: string,
  { from, after, isLast }: { from: number; after: number; isLast: boolean },
): SegmentContent => {
  const file = join(directory.path, name)
  const bytes = directory.readSync(name)
  if (isLast && lacksHeader(bytes)) return { records: [], last: from - 1, validBytes: 0, torn: bytes }
  checkHeader(file, bytes)
  const records: LogRecord[] = []
  let offset = SEGMENT_HEADER_BYTES
  let expected = from
  while (offset < bytes.length) {
    const payload = payloadAt(bytes, offset)
    if (!payload) {
      if (!isLast || hasValidFrameAfter(bytes, offset + 1))
        throw damaged(file, offset, 'a record does not match its checksum')
      break
    }
    if (expected > after) {
      const record = parseRecord(file, offset, payload)
      if (record.sequence !== expected)
        throw damaged(file, offset, `record ${record.sequence} stands where ${expected} should`)
      records.push(record)
    }
    expected += 1
    offset += FRAME_HEADER_BYTES + payload.length
  }
  return { records, last: expected - 1, validBytes: offset, torn: bytes.subarray(offset) }
}

const parseRecord = (file: string, offset: number, payload: Buffer): LogRecord => {
  try {
    return decodeRecord(payload)
  } catch (cause) {
    throw damaged(
      file,
      offset,
      `a record is sound but not understood (${cause instanceof Error ? cause.message.slice(0, 200) : 'unknown'})`,
    )
  }
}
