import type { Timestamp } from '@core/ids'
import type { Random } from '@core/random'

/** Delay of a retransmission. */
const RETRANSMIT_MS = 200

export interface NetworkConditions {
  /** Share of messages lost: consensus messages for good, stream data until retransmitted. */
  readonly loss: number
  readonly delayMs: number
  readonly jitterMs: number
  /** Share of consensus messages delivered twice. */
  readonly duplication: number
  /** Bandwidth of a link in each direction; further data queues. Absent: unlimited. */
  readonly bytesPerSecond?: number | undefined
}

const CALM: NetworkConditions = { loss: 0, delayMs: 1, jitterMs: 0, duplication: 0 }

export interface Sent {
  /** Computes the size in bytes, which is needed only with limited bandwidth. */
  readonly sized: () => number
  /** It can be lost for good, or duplicated; other messages are retransmitted. */
  readonly frail: boolean
}

/** When messages arrive over the simulated network. What is sent in one direction arrives in order, like TCP. */
export class Transit {
  conditions = CALM
  private readonly lastAt = new Map<string, Timestamp>()
  /** Until when each direction is busy with queued bytes. */
  private readonly busyUntil = new Map<string, Timestamp>()

  constructor(private readonly random: Random) {}

  /** When a message sent now arrives: never if it is lost, twice if it is duplicated. */
  arrivals(direction: string, now: Timestamp, { sized, frail }: Sent): readonly Timestamp[] {
    const { loss, delayMs, jitterMs, duplication, bytesPerSecond } = this.conditions
    let delay = delayMs + (jitterMs === 0 ? 0 : this.random.integer(0, jitterMs))
    if (loss > 0) {
      if (frail) {
        if (this.random.chance(loss)) return []
      } else while (this.random.chance(loss)) delay += RETRANSMIT_MS
    }
    let start = now
    if (bytesPerSecond !== undefined) {
      start = Math.max(start, this.busyUntil.get(direction) ?? 0) + Math.ceil((sized() * 1000) / bytesPerSecond)
      this.busyUntil.set(direction, start)
    }
    const at = Math.max(this.lastAt.get(direction) ?? 0, start + delay)
    this.lastAt.set(direction, at)
    return duplication > 0 && frail && this.random.chance(duplication) ? [at, at] : [at]
  }

  /** A new link has no queued bytes. */
  clearQueue(direction: string): void {
    this.busyUntil.delete(direction)
  }
}
