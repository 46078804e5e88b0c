import { meanServiceMs } from '../generation/waiting'
import type { ApiKeyLimits } from '../state/api-keys'
import { levelOf, msUntil, taken, type Bucket } from './token-bucket'

/** How one limit stands. */
export interface Standing {
  readonly limit: number
  /** What is left of it now, at least 0. */
  readonly remaining: number
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number
}

/** How the limits of a key stand, those that it has. */
export interface Standings {
  readonly requests?: Standing
  readonly tokens?: Standing
}

/** Whether a key may send one more request now. */
export type Verdict =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly by: 'requests' | 'tokens' | 'concurrent'; readonly retryAfterMs: number }

/** Where no request of the key has ended yet, and at most, in milliseconds. */
const UNKNOWN_RETRY_MS = 1000
const LONGEST_RETRY_MS = 60_000

/**
 * What one key has used of its limits on one node. A request takes one from the requests of a minute, and what it is
 * expected to be from the tokens; the difference to what it was is settled when it has ended. A request of more tokens
 * than a minute gives runs once the bucket is full, and overdraws it. What is refused takes nothing.
 */
export class KeyMeter {
  private requests: Bucket | undefined
  private tokens: Bucket | undefined
  private live = 0
  /** How long its requests took of late, in milliseconds. */
  private serviceMs: number | undefined

  /** Takes a request, where the limits allow it, until `end`. `tokens`: what it is expected to be. */
  begin(limits: ApiKeyLimits, { tokens, now }: { readonly tokens: number; readonly now: number }): Verdict {
    const { requestsPerMinute, tokensPerMinute, concurrent } = limits
    if (concurrent !== undefined && this.live >= concurrent)
      return { kind: 'refused', by: 'concurrent', retryAfterMs: this.untilOneEnds() }
    const wait = requestsPerMinute === undefined ? 0 : msUntil(this.requests, requestsPerMinute, 1, now)
    if (wait > 0) return { kind: 'refused', by: 'requests', retryAfterMs: wait }
    // Also where little is expected: an overdrawn bucket has to be filled first.
    const expected = Math.max(1, tokens)
    const fill = tokensPerMinute === undefined ? 0 : msUntil(this.tokens, tokensPerMinute, expected, now)
    if (fill > 0) return { kind: 'refused', by: 'tokens', retryAfterMs: fill }
    if (requestsPerMinute !== undefined) this.requests = taken(this.requests, requestsPerMinute, 1, now)
    if (tokensPerMinute !== undefined) this.tokens = taken(this.tokens, tokensPerMinute, tokens, now)
    this.live += 1
    return { kind: 'admitted' }
  }

  /** A request that was admitted at `began` has ended; `expected` is what it took as tokens, `used` what it was. */
  end(
    limits: ApiKeyLimits,
    { expected, used, began, now }: { expected: number; used: number; began: number; now: number },
  ): void {
    this.live -= 1
    this.serviceMs = meanServiceMs(this.serviceMs, now - began)
    const { tokensPerMinute } = limits
    if (tokensPerMinute !== undefined) this.tokens = taken(this.tokens, tokensPerMinute, used - expected, now)
  }

  /** Of requests that began one after the other, the next one ends after its share of the time that one takes. */
  private untilOneEnds(): number {
    return this.serviceMs === undefined ? UNKNOWN_RETRY_MS : Math.min(LONGEST_RETRY_MS, this.serviceMs / this.live)
  }

  standings({ requestsPerMinute, tokensPerMinute }: ApiKeyLimits, now: number): Standings {
    return {
      ...(requestsPerMinute !== undefined && { requests: standing(this.requests, requestsPerMinute, now) }),
      ...(tokensPerMinute !== undefined && { tokens: standing(this.tokens, tokensPerMinute, now) }),
    }
  }
}

const standing = (bucket: Bucket | undefined, limit: number, now: number): Standing => ({
  limit,
  remaining: Math.max(0, Math.floor(levelOf(bucket, limit, now))),
  resetMs: msUntil(bucket, limit, limit, now),
})
