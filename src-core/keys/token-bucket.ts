/**
 * A token bucket (RFC 2697 calls it so): it holds as much as a minute gives, is filled evenly, and may be overdrawn by
 * what turned out to cost more than was expected. Times are milliseconds that never go backwards.
 */
export interface Bucket {
  /** What is in it; negative where it is overdrawn. */
  readonly level: number
  /** When that was so. */
  readonly at: number
}

const MS_PER_MINUTE = 60_000
/** Sums of fractions miss whole milliseconds by less. */
const ROUNDING_MS = 1e-3

/** What is in it now. `undefined` is a bucket that nobody has taken from: full. */
export const levelOf = (bucket: Bucket | undefined, perMinute: number, now: number): number =>
  bucket === undefined ? perMinute : Math.min(perMinute, bucket.level + ((now - bucket.at) * perMinute) / MS_PER_MINUTE)

/** After something was taken, or given back where `amount` is negative. */
export const taken = (bucket: Bucket | undefined, perMinute: number, amount: number, now: number): Bucket => ({
  level: Math.min(perMinute, levelOf(bucket, perMinute, now) - amount),
  at: now,
})

/** Milliseconds until it holds that much; 0 where it does. More than it can ever hold counts as all of it. */
export const msUntil = (bucket: Bucket | undefined, perMinute: number, amount: number, now: number): number => {
  const missing = Math.min(amount, perMinute) - levelOf(bucket, perMinute, now)
  return Math.max(0, Math.ceil((missing / perMinute) * MS_PER_MINUTE - ROUNDING_MS))
}
