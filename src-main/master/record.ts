import crc32 from 'crc-32'
import { LogRecord } from '@core/events/record'

/** Byte count and CRC-32 of the payload, both little-endian. */
export const FRAME_HEADER_BYTES = 8
export const MAX_RECORD_BYTES = 16 * 1024 * 1024

/**
 * A record as it stands in a segment: byte count, CRC-32, then UTF-8 JSON. Throws for one that could not be read again:
 * what no schema knows, or what is too large.
 */
export const encodeRecord = (record: LogRecord): Buffer => {
  const payload = Buffer.from(JSON.stringify(LogRecord.parse(record)), 'utf8')
  if (payload.length > MAX_RECORD_BYTES)
    throw new RangeError(`A record of ${payload.length} bytes is larger than the log keeps (${MAX_RECORD_BYTES})`)
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  frame.writeUInt32LE(payload.length, 0)
  frame.writeInt32LE(crc32.buf(payload), 4)
  payload.copy(frame, FRAME_HEADER_BYTES)
  return frame
}

/** The payload of the frame at `offset`, or undefined where no whole and sound frame stands there. */
export const payloadAt = (bytes: Buffer, offset: number): Buffer | undefined => {
  const start = offset + FRAME_HEADER_BYTES
  if (start > bytes.length) return undefined
  const length = bytes.readUInt32LE(offset)
  if (length === 0 || length > MAX_RECORD_BYTES || start + length > bytes.length) return undefined
  const payload = bytes.subarray(start, start + length)
  return crc32.buf(payload) === bytes.readInt32LE(offset + 4) ? payload : undefined
}

/** A sound payload as a record. Records of older versions are brought up to date here. Throws what zod throws. */
export const decodeRecord = (payload: Buffer): LogRecord => LogRecord.parse(JSON.parse(payload.toString('utf8')))
