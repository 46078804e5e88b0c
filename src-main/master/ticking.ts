import { HEARTBEAT_MS, SILENCE_MS } from '@core/consensus/index'
import { elapsed, type Monotonic } from '@core/time/clocks'
import type { Cancel, Timers } from '@core/time/timers'

const TICK_MS = HEARTBEAT_MS / 2
/** A node that is its own cluster has nobody to hear; it looks only whether it has slept. */
const ALONE_TICK_MS = 1000

export interface TickingParts {
  readonly timers: Timers
  readonly onTick: () => void
  /** This process stood still: its machine slept, or gave it no processor time. */
  readonly onStandstill: (milliseconds: number) => void
}

/** Ticks for the consensus, and notices when this process stood still in between. */
export class Ticking {
  private stopTimer: Cancel = () => undefined
  private tickedAt: Monotonic
  /** Between two ticks; 0 before the first. */
  private tickMs = 0

  constructor(private readonly parts: TickingParts) {
    this.tickedAt = parts.timers.monotonic()
  }

  /** Begins to tick, or goes on at the pace that a node alone or among others needs. */
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

  /** Whether this process has just stood still and no tick has seen it yet: then it is told of it now. */
  sawStandstill(): boolean {
    if (this.stoodStill() <= SILENCE_MS) return false
    this.tick()
    return true
  }

  private tick(): void {
    const stoodStill = this.stoodStill()
    this.tickedAt = this.parts.timers.monotonic()
    if (stoodStill <= SILENCE_MS) this.parts.onTick()
    else this.parts.onStandstill(stoodStill)
  }

  /** How long this process has not ticked although it should have, in milliseconds, a usual tick included. */
  private stoodStill(): number {
    return elapsed(this.tickedAt, this.parts.timers.monotonic()) - (this.tickMs - TICK_MS)
  }
}
