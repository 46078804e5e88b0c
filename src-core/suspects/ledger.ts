import { MAX_DEATHS, MAX_KNOWN_DEATHS, MAX_SUSPECTS, SUSPICION_MS, type Death, type Suspicion } from './suspicion'

interface Entry {
  until: number
  readonly deaths: Map<string, Death>
}

/**
 * What one machine knows about suspected requests. Every machine keeps a ledger and merges what others send. Merging is
 * commutative and idempotent: a death is identified by its id and counted once, and a cleared death stays cleared. So
 * order, repetition and sender of messages do not matter.
 *
 * `now` is in milliseconds of a monotonic clock.
 */
export class SuspectLedger {
  /** Ordered by latest update. */
  private readonly entries = new Map<string, Entry>()

  get isEmpty(): boolean {
    return this.entries.size === 0
  }

  /** Merges reports; returns the part that was new. */
  merge(suspicions: readonly Suspicion[], now: number): Suspicion[] {
    this.expire(now)
    const added = suspicions.flatMap((suspicion) => {
      const entry = this.entries.get(suspicion.digest) ?? { until: now, deaths: new Map<string, Death>() }
      const deaths = suspicion.deaths.filter((death) => {
        const known = entry.deaths.get(death.deathId)
        if (known && (known.cleared || !death.cleared)) return false
        // Only an unknown death extends the entry; otherwise machines would extend it for each other forever.
        if (!known) entry.until = Math.max(entry.until, now + Math.min(suspicion.remainingMs, SUSPICION_MS))
        entry.deaths.set(death.deathId, death)
        return true
      })
      if (deaths.length === 0) return []
      trim(entry.deaths)
      this.entries.delete(suspicion.digest)
      this.entries.set(suspicion.digest, entry)
      return [{ ...suspicion, deaths }]
    })
    for (const digest of [...this.entries.keys()].slice(0, -MAX_SUSPECTS)) this.entries.delete(digest)
    return added
  }

  /** Clears the deaths of a request that ran to its end. Returns the part that was new. */
  clear(digest: string, now: number): Suspicion[] {
    const known = this.of(digest, now)
    return known
      ? this.merge([{ ...known, deaths: known.deaths.map((death) => ({ ...death, cleared: true })) }], now)
      : []
  }

  /** Returns everything known about one request. */
  of(digest: string, now: number): Suspicion | undefined {
    const entry = this.entries.get(digest)
    if (!entry || entry.until <= now) return undefined
    return { digest, remainingMs: Math.ceil(entry.until - now), deaths: [...entry.deaths.values()] }
  }

  all(now: number): Suspicion[] {
    return [...this.entries.keys()].flatMap((digest) => this.of(digest, now) ?? [])
  }

  /** Returns the causes of the deaths held against a request; empty if it is not suspected. */
  causes(digest: string, now: number): string[] {
    return (this.of(digest, now)?.deaths ?? []).flatMap(({ cleared, cause }) => (cleared ? [] : [cause]))
  }

  private expire(now: number): void {
    for (const [digest, { until }] of this.entries) if (until <= now) this.entries.delete(digest)
  }
}

/** Whether these deaths suffice to refuse a request. */
export const isBlamed = (causes: readonly string[]): boolean => causes.length >= MAX_DEATHS

/** Evicts cleared deaths first, oldest first. */
const trim = (deaths: Map<string, Death>): void => {
  while (deaths.size > MAX_KNOWN_DEATHS) {
    const all = [...deaths.values()]
    const oldest = all.find(({ cleared }) => cleared) ?? all[0]
    if (!oldest) return
    deaths.delete(oldest.deathId)
  }
}
