import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameDecoder } from './frames'

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.array(fc.nat(40), { maxLength: 30 }),
        (values, cuts) => {
          const sent = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown)
          const bytes = Buffer.concat(sent.map((value) => encodeFrame(value)))
          const decoder = new FrameDecoder()
          const received: unknown[] = []
          let at = 0
          for (const cut of [...cuts, bytes.length]) {
            received.push(...decoder.push(bytes.subarray(at, at + cut)))
            at += cut
          }
          received.push(...decoder.push(bytes.subarray(at)))
          expect(received).toEqual(sent)
        },
      ),
    )
  })

  it('over 64 MiB are refused before they are read', () => {
    const header = Buffer.alloc(4)
    header.writeUInt32LE(65 * 1024 * 1024)
    expect(() => new FrameDecoder().push(header)).toThrow(/over the limit/)
  })

  it('that are no JSON are refused', () => {
    const frame = Buffer.concat([Buffer.from([3, 0, 0, 0]), Buffer.from('{"a')])
    expect(() => new FrameDecoder().push(frame)).toThrow(/not JSON/)
  })
})
