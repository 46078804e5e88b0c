/** How long a wake is repeated. After that the watchdog ends a runner that still makes no progress. */
const REPEATED_FOR_MS = 60_000

export interface RankWakesOptions {
  /** Sends the wake of an epoch to the other ranks. It may get lost, for example while a link is replaced. */
  readonly send: (epoch: number) => void
  /** Milliseconds; never decreases. */
  readonly now: () => number
}

/**
 * Wakes the other ranks when rank 0 starts computing, and repeats the wake until rank 0 makes progress: it waits for the
 * others in each step, so a lost wake would hold up the whole instance. Ranks ignore the wake of a past epoch.
 */
export class RankWakes {
  private pending: { readonly epoch: number; readonly since: number; steps?: number } | undefined

  constructor(private readonly options: RankWakesOptions) {}

  /** Rank 0 starts an epoch. */
  begin(epoch: number): void {
    this.pending = { epoch, since: this.options.now() }
    this.options.send(epoch)
  }

  /** The other ranks have taken part in this epoch. */
  progressed(): void {
    this.pending = undefined
  }

  /**
   * Called with each heartbeat of rank 0, about once a second, with the number of steps that it has computed: repeats a
   * wake that had no effect. Counts from the first heartbeat after the wake, because the one before may be older than
   * the last step of an earlier epoch.
   */
  heartbeat({ steps }: { readonly steps: number }): void {
    const { pending } = this
    if (!pending) return
    pending.steps ??= steps
    if (steps !== pending.steps || this.options.now() - pending.since >= REPEATED_FOR_MS) this.pending = undefined
    else this.options.send(pending.epoch)
  }
}
