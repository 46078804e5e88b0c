/**
 * A token bucket (as in RFC 2697): holds at most one minute's allowance, refills evenly, and can be overdrawn when a
 * request costs more than expected. Times are milliseconds of a monotonic clock.
 */
export interface Bucket {
  /** Current tokens; negative if overdrawn. */
  readonly level: number
  /** Time of `level`. */
  readonly at: number
}

const MS_PER_MINUTE = 60_000
/** Tolerance for rounding errors, below a millisecond. */
const ROUNDING_MS = 1e-3

/** Returns the level now. `undefined` is an unused bucket, which is full. */
export const levelOf = (bucket: Bucket | undefined, perMinute: number, now: number): number =>
  bucket === undefined ? perMinute : Math.min(perMinute, bucket.level + ((now - bucket.at) * perMinute) / MS_PER_MINUTE)

/** Returns the bucket after taking `amount`, or giving it back if negative. */
export const withTaken = (bucket: Bucket | undefined, perMinute: number, amount: number, now: number): Bucket => ({
  level: Math.min(perMinute, levelOf(bucket, perMinute, now) - amount),
  at: now,
})

/**
 * Returns the milliseconds until the bucket holds `amount`; 0 if it does. More than its capacity counts as its
 * capacity.
 */
export const msUntil = (bucket: Bucket | undefined, perMinute: number, amount: number, now: number): number => {
  const missing = Math.min(amount, perMinute) - levelOf(bucket, perMinute, now)
  return Math.max(0, Math.ceil((missing / perMinute) * MS_PER_MINUTE - ROUNDING_MS))
}
