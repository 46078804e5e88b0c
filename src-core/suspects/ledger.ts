import { MAX_DEATHS, MAX_KNOWN_DEATHS, MAX_SUSPECTS, SUSPICION_MS, type Death, type Suspicion } from './suspicion'

interface Entry {
  until: number
  readonly deaths: Map<string, Death>
}

/**
 * What one machine knows of suspected requests. Every machine keeps a ledger and merges what others tell it. Merging is
 * commutative and idempotent: a death is known by its id and counted once, and once cleared it stays cleared. So it
 * does not matter in which order, how often or by whom a machine is told.
 *
 * `now` is in milliseconds of a clock that only goes forward.
 */
export class SuspectLedger {
  /** In the order of the latest news. */
  private readonly entries = new Map<string, Entry>()

  get isEmpty(): boolean {
    return this.entries.size === 0
  }

  /** The part of it that is news here. */
  merge(suspicions: readonly Suspicion[], now: number): Suspicion[] {
    this.expire(now)
    const news = suspicions.flatMap((told) => {
      const entry = this.entries.get(told.digest) ?? { until: now, deaths: new Map<string, Death>() }
      const deaths = told.deaths.filter((death) => {
        const known = entry.deaths.get(death.deathId)
        if (known && (known.cleared || !death.cleared)) return false
        // Only a death that was unknown prolongs it, or machines would prolong it for each other for ever.
        if (!known) entry.until = Math.max(entry.until, now + Math.min(told.remainingMs, SUSPICION_MS))
        entry.deaths.set(death.deathId, death)
        return true
      })
      if (deaths.length === 0) return []
      trim(entry.deaths)
      this.entries.delete(told.digest)
      this.entries.set(told.digest, entry)
      return [{ ...told, deaths }]
    })
    for (const digest of [...this.entries.keys()].slice(0, -MAX_SUSPECTS)) this.entries.delete(digest)
    return news
  }

  /** The request has run to its end: none of its deaths was its fault. The part of it that is news. */
  clear(digest: string, now: number): Suspicion[] {
    const known = this.of(digest, now)
    return known
      ? this.merge([{ ...known, deaths: known.deaths.map((death) => ({ ...death, cleared: true })) }], now)
      : []
  }

  /** All that is known of one request. */
  of(digest: string, now: number): Suspicion | undefined {
    const entry = this.entries.get(digest)
    if (!entry || entry.until <= now) return undefined
    return { digest, remainingMs: Math.ceil(entry.until - now), deaths: [...entry.deaths.values()] }
  }

  all(now: number): Suspicion[] {
    return [...this.entries.keys()].flatMap((digest) => this.of(digest, now) ?? [])
  }

  /** The causes of the deaths that are held against it; none for a request that is not suspected. */
  causes(digest: string, now: number): string[] {
    return (this.of(digest, now)?.deaths ?? []).flatMap(({ cleared, cause }) => (cleared ? [] : [cause]))
  }

  private expire(now: number): void {
    for (const [digest, { until }] of this.entries) if (until <= now) this.entries.delete(digest)
  }
}

/** Whether so many deaths are enough to refuse a request. */
export const isBlamed = (causes: readonly string[]): boolean => causes.length >= MAX_DEATHS

/** Deaths that were survived go first, the oldest before the others. */
const trim = (deaths: Map<string, Death>): void => {
  while (deaths.size > MAX_KNOWN_DEATHS) {
    const all = [...deaths.values()]
    const oldest = all.find(({ cleared }) => cleared) ?? all[0]
    if (!oldest) return
    deaths.delete(oldest.deathId)
  }
}
