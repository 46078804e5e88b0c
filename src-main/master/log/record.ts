import crc32 from 'crc-32'
import { LogRecord } from '@core/events/record'

/** Frame header: payload length in bytes and CRC-32 of the payload, 32-bit little-endian each. */
export const FRAME_HEADER_BYTES = 8
export const MAX_RECORD_BYTES = 16 * 1024 * 1024

type WithoutSequence<Record> = Record extends LogRecord ? Omit<Record, 'sequence'> : never
/** A record before the log assigns its sequence number. */
export type NewRecord = WithoutSequence<LogRecord>

/**
 * Encodes a record as a segment frame: header, then UTF-8 JSON. Throws ZodError for a record that does not match the
 * schema and RangeError for one above `MAX_RECORD_BYTES`, because neither could be read back.
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

/** Returns the payload of the frame at `offset`; undefined if the frame is incomplete or fails its checksum. */
export const payloadAt = (bytes: Buffer, offset: number): Buffer | undefined => {
  const start = offset + FRAME_HEADER_BYTES
  if (start > bytes.length) return undefined
  const length = bytes.readUInt32LE(offset)
  if (length === 0 || length > MAX_RECORD_BYTES || start + length > bytes.length) return undefined
  const payload = bytes.subarray(start, start + length)
  return crc32.buf(payload) === bytes.readInt32LE(offset + 4) ? payload : undefined
}

/**
 * Decodes a payload whose checksum is valid. Records of older versions are upgraded by the schema. Throws SyntaxError or
 * ZodError.
 */
export const decodeRecord = (payload: Buffer): LogRecord => LogRecord.parse(JSON.parse(payload.toString('utf8')))
