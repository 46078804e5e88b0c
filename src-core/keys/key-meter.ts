import { meanServiceMs } from '../generation/waiting'
import type { ApiKeyLimits } from '../state/api-keys'
import { levelOf, msUntil, withTaken, type Bucket } from './token-bucket'

/** State of one limit. */
export interface Standing {
  readonly limit: number
  /** What is left now, at least 0. */
  readonly remaining: number
  /** Milliseconds until the limit is fully available again. */
  readonly resetMs: number
}

/** State of the limits that a key has. */
export interface Standings {
  readonly requests?: Standing
  readonly tokens?: Standing
}

/** Whether a key may send another request now. */
export type Verdict =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly by: 'requests' | 'tokens' | 'concurrent'; readonly retryAfterMs: number }

/** Retry delays at the concurrency limit, in milliseconds: before any request of the key has ended, and at most. */
const DEFAULT_RETRY_MS = 1000
const MAX_RETRY_MS = 60_000

/**
 * Tracks one key's use of its limits on one node. A request takes one from the request bucket and its expected tokens
 * from the token bucket; when it ends, the difference to the actual tokens is settled. A request of more tokens than a
 * minute allows runs once the bucket is full, and overdraws it. A refused request takes nothing.
 */
export class KeyMeter {
  private requests: Bucket | undefined
  private tokens: Bucket | undefined
  private live = 0
  /** Recent mean duration of its requests, in milliseconds. */
  private serviceMs: number | undefined

  /** Admits a request if the limits allow it; the caller must then call `end`. `tokens`: expected tokens. */
  begin(limits: ApiKeyLimits, { tokens, now }: { readonly tokens: number; readonly now: number }): Verdict {
    const { requestsPerMinute, tokensPerMinute, concurrent } = limits
    if (concurrent !== undefined && this.live >= concurrent)
      return { kind: 'refused', by: 'concurrent', retryAfterMs: this.estimatedWaitMs() }
    const wait = requestsPerMinute === undefined ? 0 : msUntil(this.requests, requestsPerMinute, 1, now)
    if (wait > 0) return { kind: 'refused', by: 'requests', retryAfterMs: wait }
    // At least 1, so that an overdrawn bucket must be refilled first.
    const expected = Math.max(1, tokens)
    const fill = tokensPerMinute === undefined ? 0 : msUntil(this.tokens, tokensPerMinute, expected, now)
    if (fill > 0) return { kind: 'refused', by: 'tokens', retryAfterMs: fill }
    if (requestsPerMinute !== undefined) this.requests = withTaken(this.requests, requestsPerMinute, 1, now)
    if (tokensPerMinute !== undefined) this.tokens = withTaken(this.tokens, tokensPerMinute, tokens, now)
    this.live += 1
    return { kind: 'admitted' }
  }

  /** Settles a request admitted at `began`: `expected` is what it took as tokens, `used` what it really used. */
  end(
    limits: ApiKeyLimits,
    { expected, used, began, now }: { expected: number; used: number; began: number; now: number },
  ): void {
    this.live -= 1
    this.serviceMs = meanServiceMs(this.serviceMs, now - began)
    const { tokensPerMinute } = limits
    if (tokensPerMinute !== undefined) this.tokens = withTaken(this.tokens, tokensPerMinute, used - expected, now)
  }

  /** Requests in flight end one by one, so the next ends after its share of the mean duration. */
  private estimatedWaitMs(): number {
    return this.serviceMs === undefined ? DEFAULT_RETRY_MS : Math.min(MAX_RETRY_MS, this.serviceMs / this.live)
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
