import { describe, expect, it } from 'vitest'
import { MAX_ROUND_BYTES } from '@core/events/side-channel'
import { FrameError } from './frames'
import { encodeRound, RoundDecoder } from './round-frames'

const asked = (...parts: Buffer[]): Buffer =>
  Buffer.concat(
    parts.flatMap((part) => {
      const header = Buffer.alloc(4)
      header.writeUInt32LE(part.length)
      return [header, part]
    }),
  )

describe('a runner’s parts for rounds', () => {
  it('is read however the pipe cuts it', () => {
    const parts = [Buffer.from('abcd'), Buffer.alloc(0), Buffer.alloc(1000, 7)]
    const bytes = asked(...parts)
    for (const size of [1, 3, 4, 5, 500, bytes.length]) {
      const decoder = new RoundDecoder()
      const read: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) read.push(...decoder.push(bytes.subarray(at, at + size)))
      expect(Buffer.concat(read).equals(Buffer.concat(parts))).toBe(true)
      expect(read.map(({ length }) => length)).toEqual([4, 0, 1000])
    }
  })

  it('may be as large as the limit', () => {
    const [whole] = new RoundDecoder().push(asked(Buffer.alloc(MAX_ROUND_BYTES, 7)))
    expect(whole).toHaveLength(MAX_ROUND_BYTES)
  })

  it('is refused over the limit before any of it is kept', () => {
    const header = Buffer.alloc(4)
    header.writeUInt32LE(MAX_ROUND_BYTES + 1)
    expect(() => new RoundDecoder().push(header)).toThrow(FrameError)
  })
})

it('what a runner gets back is the total and every part in order', () => {
  const round = encodeRound([Buffer.from('ab'), Buffer.from('cd'), Buffer.from('ef')])
  expect(round).toEqual(Buffer.concat([Buffer.from([6, 0, 0, 0]), Buffer.from('abcdef')]))
})
