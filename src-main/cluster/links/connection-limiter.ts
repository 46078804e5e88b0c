import { isIPv6 } from 'node:net'

/** Unauthenticated connections from one address. */
const MOST_FROM_ONE = 16
/** Unauthenticated connections from all addresses. */
const MOST_OF_ALL = 128
/** Token bucket for new connections from one address: its size, and its refill per second. */
const BURST = 64
const PER_SECOND = 16
/** Addresses that are remembered; beyond this the ones unseen longest are forgotten. */
const MOST_ADDRESSES = 4096

interface Known {
  waiting: number
  /** Tokens left in the bucket. */
  tokens: number
  filledAt: number
}

/** One customer has at least a /64 of IPv6, so it counts as one address. */
export const sourceOf = (address: string): string =>
  isIPv6(address) && !address.startsWith('::ffff:') ? address.split(':').slice(0, 4).join(':') : address

/**
 * Limits unauthenticated connections, so that members can connect however many strangers do. Time is in milliseconds
 * of a monotonic clock.
 */
export class ConnectionLimiter {
  private readonly known = new Map<string, Known>()
  private waiting = 0

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Admits a connection and returns the function that releases its slot; undefined to turn it away. */
  enter(address: string): (() => void) | undefined {
    const source = sourceOf(address)
    const one = this.of(source)
    if (one.tokens < 1 || one.waiting >= MOST_FROM_ONE || this.waiting >= MOST_OF_ALL) return undefined
    one.tokens -= 1
    one.waiting += 1
    this.waiting += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
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
