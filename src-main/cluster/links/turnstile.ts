import { isIPv6 } from 'node:net'

/** Connections from one address that have not yet shown who they are. */
const MOST_FROM_ONE = 16
/** The same of all addresses together. */
const MOST_OF_ALL = 128
/** New connections from one address: so many at once, and then so many a second. */
const BURST = 64
const PER_SECOND = 16
/** Addresses that are remembered; who fills the list with more is forgotten the oldest first. */
const MOST_ADDRESSES = 4096

interface Known {
  waiting: number
  /** Connections it may still make now. */
  tokens: number
  filledAt: number
}

/** One customer has at least a /64 of IPv6: all of it counts as one address. */
export const sourceOf = (address: string): string =>
  isIPv6(address) && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address

/**
 * Holds back who has not shown who he is: however many strangers knock, members still come in. Time in milliseconds
 * of a clock that only goes forward.
 */
export class Turnstile {
  private readonly known = new Map<string, Known>()
  private waiting = 0

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Lets a connection stand at the door; the answer says that it stands there no more. Undefined: turn it away. */
  enter(address: string): (() => void) | undefined {
    const source = sourceOf(address)
    const one = this.of(source)
    if (one.tokens < 1 || one.waiting >= MOST_FROM_ONE || this.waiting >= MOST_OF_ALL) return undefined
    one.tokens -= 1
    one.waiting += 1
    this.waiting += 1
    let stands = true
    return () => {
      if (!stands) return
      stands = false
      one.waiting -= 1
      this.waiting -= 1
    }
  }

  private of(source: string): Known {
    const now = this.now()
    const before = this.known.get(source) ?? { waiting: 0, tokens: BURST, filledAt: now }
    before.tokens = Math.min(BURST, before.tokens + ((now - before.filledAt) / 1000) * PER_SECOND)
    before.filledAt = now
    this.known.delete(source)
    this.known.set(source, before)
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MOST_ADDRESSES) break
      this.known.delete(oldest)
    }
    return before
  }
}
