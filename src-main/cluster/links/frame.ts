import { z } from 'zod'
import { PeerFrame } from '@core/protocols/peer'

/** Encodes a frame as JSON; undefined if it exceeds the longest string. */
export const encodeFrame = (frame: PeerFrame): Buffer | undefined => {
  try {
    return Buffer.from(JSON.stringify(frame))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Returns the frame, or a description of what is wrong with it. */
export const parseFrame = (bytes: Buffer): PeerFrame | string => {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return 'not JSON'
  }
  const parsed = PeerFrame.safeParse(value)
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 100)
}
