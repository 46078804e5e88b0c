import { wait, type Timers } from '@core/time/timers'

/** Time allowed for the last messages to be sent. */
const FAREWELL_MS = 30

export interface DepartureParts {
  readonly timers: Timers
  /** Whether there is no other member, or this node is closed: then nothing has to be done. */
  readonly isAlone: () => boolean
  /** Reports to the leader that this machine leaves, and why. */
  readonly announce: (reason: string) => void
  /** Leaves the consensus, and hands over the leadership if this node has it. */
  readonly leave: () => void
  /** Takes part in the consensus again. */
  readonly comeBack: () => void
}

/** Sleep, quit and restart of this machine, and its return. Another member leads meanwhile. */
export class Departure {
  /** Increases with each departure and return, so that a departure notices that it was called off. */
  private count = 0

  constructor(private readonly parts: DepartureParts) {}

  /**
   * This machine sleeps or quits: reports that, so that its instances are replaced at once, then leaves the consensus.
   * Resolves when the messages have had time to leave.
   */
  async leave(reason: string): Promise<void> {
    const { timers, isAlone, announce, leave } = this.parts
    if (isAlone()) return
    const departure = ++this.count
    announce(reason)
    await wait(timers, FAREWELL_MS)
    // The machine may have slept during the wait, and come back before this continues.
    if (this.count !== departure) return
    leave()
    await wait(timers, FAREWELL_MS)
  }

  /** This node restarts: leaves the consensus without a report, so that its instances are kept while it restarts. */
  async stepAside(): Promise<void> {
    const { timers, isAlone, leave } = this.parts
    if (isAlone()) return
    leave()
    await wait(timers, FAREWELL_MS)
  }

  /** This machine woke up, or its quit was called off. */
  comeBack(): void {
    const { isAlone, comeBack } = this.parts
    this.count += 1
    if (!isAlone()) comeBack()
  }
}
