import { wait, type Timers } from '@core/time/timers'

/** Time that last messages are given to be sent. */
const FAREWELL_MS = 30

export interface DepartureParts {
  readonly timers: Timers
  /** Whether nobody has to be told: this node has no fellows, or is closed. */
  readonly isAlone: () => boolean
  /** Tells whoever leads that this machine goes, and why. */
  readonly tell: (reason: string) => void
  /** Takes no part in deciding until `comeBack`. */
  readonly leave: () => void
  readonly comeBack: () => void
}

/** This machine sleeps, quits or restarts, and comes back: the others hear of it, and one of them leads if this one did. */
export class Departure {
  /** Counts departures and returns: a departure that was called off has no further effect. */
  private count = 0

  constructor(private readonly parts: DepartureParts) {}

  /** It sleeps or quits: its models are replaced at once. */
  async leave(reason: string): Promise<void> {
    const { timers, isAlone, tell, leave } = this.parts
    if (isAlone()) return
    const departure = ++this.count
    tell(reason)
    await wait(timers, FAREWELL_MS)
    // A machine may fall asleep in the midst of its farewell, and goes on with it when it is back.
    if (this.count !== departure) return
    leave()
    await wait(timers, FAREWELL_MS)
  }

  /** It restarts: nobody takes it for gone before it has had time to come back. */
  async stepAside(): Promise<void> {
    const { timers, isAlone, leave } = this.parts
    if (isAlone()) return
    leave()
    await wait(timers, FAREWELL_MS)
  }

  comeBack(): void {
    const { isAlone, comeBack } = this.parts
    this.count += 1
    if (!isAlone()) comeBack()
  }
}
