import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { NodeId } from '@core/ids'
import { later, monotonic, type Monotonic } from '@core/time/clocks'
import { PeerAddress } from '../links/address-book'

export const INVITATION_MS = 10 * 60_000
const PREFIX = 'muster1.'

/** Addresses in a token; more would make it long to copy. */
export const MOST_ADDRESSES = 32

/** The content of an invitation token. */
export const Invitation = z.object({
  clusterId: z.string().min(1).max(100),
  /** The inviting machine's id, a hash of its key: the joiner connects to no other machine. */
  fingerprint: NodeId,
  /** 256 bits, base64url. */
  secret: z.string().min(22).max(100),
  addresses: z.array(PeerAddress).min(1).max(MOST_ADDRESSES),
})
export type Invitation = z.infer<typeof Invitation>

/** Prints a token with the first of the addresses. */
export const printToken = ({ addresses, ...invitation }: Invitation): string => {
  const content: Invitation = { ...invitation, addresses: addresses.slice(0, MOST_ADDRESSES) }
  return PREFIX + Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** Returns undefined if the text is not a token. */
export const parseToken = (text: string): Invitation | undefined => {
  const trimmed = text.replace(/\s+/g, '')
  if (!trimmed.startsWith(PREFIX)) return undefined
  try {
    return Invitation.parse(JSON.parse(Buffer.from(trimmed.slice(PREFIX.length), 'base64url').toString('utf8')))
  } catch {
    return undefined
  }
}

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()

interface Issued {
  readonly digest: Buffer
  /** By the system's clock. */
  readonly expiresAt: number
  /** By a clock that nobody can set back. */
  readonly goodUntil: Monotonic
}

/** Takes the invitation with this secret out of a list; undefined if it is not there. */
const taken = (list: Issued[], secret: string): Issued | undefined => {
  const offered = digest(secret)
  const at = list.findIndex((one) => timingSafeEqual(one.digest, offered))
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

/** This machine's invitations: single-use, valid for ten minutes. A restart voids them. */
export class Invitations {
  private readonly open: Issued[] = []
  /** Redeemed, while the machine that offered them is being admitted. */
  private readonly redeemed: Issued[] = []

  constructor(
    private readonly now: () => number = Date.now,
    private readonly monotonicNow: () => Monotonic = () => monotonic(performance.now()),
  ) {}

  create(validForMs: number = INVITATION_MS): { secret: string; expiresAt: number } {
    const secret = randomBytes(32).toString('base64url')
    const goodForMs = Math.min(validForMs, INVITATION_MS)
    const expiresAt = this.now() + goodForMs
    this.open.push({ digest: digest(secret), expiresAt, goodUntil: later(this.monotonicNow(), goodForMs) })
    // Bounds the list: more than this within ten minutes comes from a runaway script.
    if (this.open.length > 100) this.open.shift()
    return { secret, expiresAt }
  }

  /** Redeems a secret, which uses it up even if it has expired. */
  redeem(secret: string): 'welcome' | 'expired' | 'unknown' {
    const found = taken(this.open, secret)
    if (!found) return 'unknown'
    // Either clock may end it: the system's counts a sleep, and the other one is not set back.
    if (found.expiresAt < this.now() || found.goodUntil < this.monotonicNow()) return 'expired'
    this.redeemed.push(found)
    return 'welcome'
  }

  /** The machine that redeemed it was let in, or could not be: then the secret can be tried again until it expires. */
  settle(secret: string, { isLetIn }: { readonly isLetIn: boolean }): void {
    const found = taken(this.redeemed, secret)
    if (found && !isLetIn) this.open.push(found)
  }
}
