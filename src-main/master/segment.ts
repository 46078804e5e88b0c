import { join } from 'node:path'
import type { Directory } from '../disk/directory'
import { MasterError, damaged } from './errors'
import type { LogRecord } from '@core/events/record'
import { decodeRecord, FRAME_HEADER_BYTES, payloadAt } from './record'

const MAGIC = Buffer.from('MSTR', 'latin1')
const VERSION = 1

/** Every segment begins with four letters and its version. */
export const SEGMENT_HEADER_BYTES = 8

export const segmentHeader = (): Buffer => {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 4)
  return header
}

/** `00000000000000000042.log`: the sequence of its first record, so that names sort. */
export const segmentName = (firstSequence: number): string => `${String(firstSequence).padStart(20, '0')}.log`

export const firstSequenceOf = (name: string): number | undefined => {
  const match = /^(\d{20})\.log$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** The last record of a log that only snapshots hold; 0 where all are there. */
export const baseOf = (directory: Directory): number => {
  const firsts = directory.names().flatMap((name) => firstSequenceOf(name) ?? [])
  return firsts.length === 0 ? 0 : Math.min(...firsts) - 1
}

export interface SegmentContent {
  /** Those that were asked for. */
  readonly records: readonly LogRecord[]
  /** The sequence of its last record; one less than its first where it has none. */
  readonly last: number
  /** Where the last good record ends. */
  readonly soundBytes: number
  /** What follows it: the torn end of a write that a crash interrupted. */
  readonly torn: Buffer
}

const soundFrameAfter = (bytes: Buffer, offset: number): boolean => {
  for (let at = offset; at + FRAME_HEADER_BYTES < bytes.length; at += 1) if (payloadAt(bytes, at)) return true
  return false
}

/** A crash between making a segment and syncing its header leaves none, a part of it or nothing but zeros. */
const isUnbegun = (bytes: Buffer): boolean =>
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
 * Reads one segment from its first record. Only the last segment may end torn, and only where no good
 * record follows; anything else is damage, and throws.
 *
 * Records up to `after` are only checked, not decoded: a snapshot holds what they did.
 */
export const readSegment = (
  directory: Directory,
  name: string,
  { from, after, isLast }: { from: number; after: number; isLast: boolean },
): SegmentContent => {
  const file = join(directory.path, name)
  const bytes = directory.readSync(name)
  if (isLast && isUnbegun(bytes)) return { records: [], last: from - 1, soundBytes: 0, torn: bytes }
  checkHeader(file, bytes)
  const records: LogRecord[] = []
  let offset = SEGMENT_HEADER_BYTES
  let expected = from
  while (offset < bytes.length) {
    const payload = payloadAt(bytes, offset)
    if (!payload) {
      if (!isLast || soundFrameAfter(bytes, offset + 1))
        throw damaged(file, offset, 'a record does not match its checksum')
      break
    }
    if (expected > after) {
      const record = parsed(file, offset, payload)
      if (record.sequence !== expected)
        throw damaged(file, offset, `record ${record.sequence} stands where ${expected} should`)
      records.push(record)
    }
    expected += 1
    offset += FRAME_HEADER_BYTES + payload.length
  }
  return { records, last: expected - 1, soundBytes: offset, torn: bytes.subarray(offset) }
}

const parsed = (file: string, offset: number, payload: Buffer): LogRecord => {
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
