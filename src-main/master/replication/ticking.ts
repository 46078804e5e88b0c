import { HEARTBEAT_MS, SILENCE_MS } from '@core/consensus/index'
import { elapsed, type Monotonic } from '@core/time/clocks'
import type { Cancel, Timers } from '@core/time/timers'

const TICK_MS = HEARTBEAT_MS / 2
/** Interval without other members: only to detect that the machine slept. */
const ALONE_TICK_MS = 1000

export interface TickingParts {
  readonly timers: Timers
  readonly onTick: () => void
  /** Called instead of `onTick` if this process did not run for a while: its machine slept, or gave it no CPU time. */
  readonly onStandstill: (milliseconds: number) => void
}

/** Ticks for the consensus, and detects standstills of this process. */
export class Ticking {
  private stopTimer: Cancel = () => undefined
  private tickedAt: Monotonic
  /** Current interval; 0 before the first `run`. */
  private tickMs = 0

  constructor(private readonly parts: TickingParts) {
    this.tickedAt = parts.timers.monotonic()
  }

  /** Starts to tick, or changes the interval. */
  run({ isAlone }: { readonly isAlone: boolean }): void {
    const tickMs = isAlone ? ALONE_TICK_MS : TICK_MS
    if (tickMs === this.tickMs) return
    this.stopTimer()
    this.tickMs = tickMs
    this.tickedAt = this.parts.timers.monotonic()
    this.stopTimer = this.parts.timers.every(tickMs, () => this.tick())
  }

  stop(): void {
    this.stopTimer()
  }

  /** Reports a standstill that no tick has detected yet. Returns whether there was one. */
  checkStandstill(): boolean {
    if (this.standstillMs() <= SILENCE_MS) return false
    this.tick()
    return true
  }

  private tick(): void {
    const standstill = this.standstillMs()
    this.tickedAt = this.parts.timers.monotonic()
    if (standstill <= SILENCE_MS) this.parts.onTick()
    else this.parts.onStandstill(standstill)
  }

  /** Milliseconds since the last tick, less what the longer interval of a single node explains. */
  private standstillMs(): number {
    return elapsed(this.tickedAt, this.parts.timers.monotonic()) - (this.tickMs - TICK_MS)
  }
}
