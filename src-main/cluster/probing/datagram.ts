import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * A probe and its echo: 4 bytes `MPR1`, 1 byte kind, 8 bytes nonce, and the first 16 bytes of an HMAC-SHA256 over all
 * of these, with the key that the probed machine sent over its link. A probe without the key is not answered, and an
 * echo is never longer than its probe.
 */
const MAGIC = Buffer.from('MPR1')
const TAG_BYTES = 16
export const NONCE_BYTES = 8
const LENGTH = MAGIC.length + 1 + NONCE_BYTES + TAG_BYTES

export type ProbeKind = 'ask' | 'echo'
const CODES = { ask: 1, echo: 2 } as const satisfies Record<ProbeKind, number>

const tag = (head: Buffer, key: Buffer): Buffer =>
  createHmac('sha256', key).update(head).digest().subarray(0, TAG_BYTES)

export const encodeProbe = (kind: ProbeKind, nonce: Buffer, key: Buffer): Buffer => {
  const head = Buffer.concat([MAGIC, Buffer.from([CODES[kind]]), nonce])
  return Buffer.concat([head, tag(head, key)])
}

/** Parses kind and nonce without verifying them; see `isGenuine`. */
export const readProbe = (datagram: Buffer): { kind: ProbeKind; nonce: Buffer } | undefined => {
  if (datagram.length !== LENGTH || !datagram.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const code = datagram[MAGIC.length]
  const kind = code === CODES.ask ? 'ask' : code === CODES.echo ? 'echo' : undefined
  return kind && { kind, nonce: datagram.subarray(MAGIC.length + 1, MAGIC.length + 1 + NONCE_BYTES) }
}

export const isGenuine = (datagram: Buffer, key: Buffer): boolean => {
  const head = datagram.subarray(0, LENGTH - TAG_BYTES)
  return timingSafeEqual(datagram.subarray(LENGTH - TAG_BYTES), tag(head, key))
}
