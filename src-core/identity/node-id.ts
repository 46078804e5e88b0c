import { z } from 'zod'
import type { NodeId } from '../ids'

/**
 * The short form of a node id, for people to read out and compare: the first 40 bits of the key's hash in Crockford's
 * base 32 (no I, L, O, U), as in `9R3K-VE2T`. It distinguishes machines but does not prove an identity; only the full
 * id does.
 */
export const ShortNodeId = z
  .string()
  .regex(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
  .brand<'ShortNodeId'>()
export type ShortNodeId = z.infer<typeof ShortNodeId>

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BITS = 40

const hexNodeId = /^[0-9a-f]{64}$/

/** Whether a node id is the hash of a key; ids of simulated nodes are their names. */
const isKeyHash = (nodeId: NodeId): boolean => hexNodeId.test(nodeId)

const group = (value: bigint, from: number): string => {
  let text = ''
  for (let shift = from; shift > from - 20; shift -= 5)
    text += ALPHABET[Number((value >> BigInt(shift - 5)) & 31n)] ?? ''
  return text
}

/** Formats a node id for people. An id that is no key hash is returned unchanged. */
export const printNodeId = (nodeId: NodeId): string => shortNodeId(nodeId) ?? nodeId

/** Returns the short form of a node id; undefined if the id is no key hash. */
export const shortNodeId = (nodeId: NodeId): ShortNodeId | undefined => {
  if (!isKeyHash(nodeId)) return undefined
  const value = BigInt(`0x${nodeId.slice(0, BITS / 4)}`)
  return ShortNodeId.parse(`${group(value, BITS)}-${group(value, BITS / 2)}`)
}

/**
 * Parses a short form as people type it: any case, with or without the dash, O for 0 and I or L for 1. Undefined for
 * anything else.
 */
export const parseShortNodeId = (text: string): ShortNodeId | undefined => {
  const characters = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  const parsed = ShortNodeId.safeParse(`${characters.slice(0, 4)}-${characters.slice(4)}`)
  return parsed.success ? parsed.data : undefined
}
