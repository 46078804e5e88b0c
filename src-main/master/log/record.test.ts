import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetaInstanceId } from '@core/ids'
import { decodeRecord, encodeRecord, FRAME_HEADER_BYTES, MAX_RECORD_BYTES, payloadAt } from './record'
import { declaration, envelope } from '../testing/scratch-log'

const record = { kind: 'decision', sequence: 7, envelope: envelope(9, declaration('chat ☕')) } as const

describe('a record', () => {
  it('survives encoding and decoding', () => {
    const payload = payloadAt(encodeRecord(record), 0)
    expect(payload && decodeRecord(payload)).toEqual(record)
  })

  it('is rejected if any of its bytes changed', () => {
    const frame = encodeRecord(record)
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(frame)
        changed[at] = (changed[at] ?? 0) ^ change
        expect(payloadAt(changed, 0)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  it('is not found in arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(220), (bytes, offset) => {
        expect(payloadAt(Buffer.from(bytes), offset)).toBeUndefined()
      }),
    )
  })

  it.each([
    ['too large', 'larger than', { reason: 'x'.repeat(MAX_RECORD_BYTES) }],
    ['invalid', 'metaInstanceId', { metaInstanceId: '' as MetaInstanceId }],
  ])('that could not be read back is not written: %s', (_what, why, wrong) => {
    const failed = {
      type: 'MetaInstancePlacementFailed',
      metaInstanceId: MetaInstanceId.parse('d'),
      code: 'memory',
    } as const
    const event = { ...failed, reason: 'full', ...wrong }
    expect(() => encodeRecord({ ...record, envelope: envelope(1, event) })).toThrow(why)
  })

  it('starts with its length', () => {
    const frame = encodeRecord(record)
    expect(frame.readUInt32LE(0)).toBe(frame.length - FRAME_HEADER_BYTES)
  })
})
