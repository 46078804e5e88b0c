import type { RunnerId } from '@core/ids'
import { isServing, type RunnerStatus } from '@core/state/runners'

/** Since when each runner is able to serve, on the monotonic clock of this process. */
export class ServingTimes {
  private readonly since = new Map<RunnerId, number>()

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes a status that is about to be reported. Returns for how many milliseconds its runner has served. */
  of(runnerId: RunnerId, status: RunnerStatus): number | undefined {
    if (!isServing(status)) {
      this.forget(runnerId)
      return undefined
    }
    const since = this.since.get(runnerId) ?? this.now()
    this.since.set(runnerId, since)
    return Math.round(this.now() - since)
  }

  forget(runnerId: RunnerId): void {
    this.since.delete(runnerId)
  }
}
