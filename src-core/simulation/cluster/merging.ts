import type { Command } from '../../commands/command'
import { declaredApart, joined, type Apart } from '../../merging/apart'
import type { SimulatedLog } from './log'
import type { Outcome } from './outcome'

const AGAIN_MS = 1000

export interface MergingParts {
  readonly log: SimulatedLog
  readonly clock: { after(milliseconds: number, act: () => void): void }
  readonly submit: (command: Command, tell: (outcome: Outcome) => void) => void
  readonly onMerged: (outcome: Outcome) => void
}

/** What was declared in records that were set aside lies on the disk until whoever decides has merged it. */
export class SimulatedMerging {
  private apart: Apart | undefined
  private running = false

  constructor(private readonly parts: MergingParts) {}

  get isPending(): boolean {
    return this.apart !== undefined
  }

  /** The records after this one are about to be set aside. */
  keep(after: number): void {
    const { log } = this.parts
    const apart = declaredApart(log.stateAt(after), log.stateAt(), log.decidedAfter(after))
    if (apart) this.apart = this.apart ? joined(this.apart, apart) : apart
  }

  /** The process ended: what is to be merged stays on the disk. */
  end(): void {
    this.running = false
  }

  /** Brings it to whoever decides now; where that fails it is kept for the next time. */
  begin(): void {
    const { apart } = this
    if (apart === undefined || this.running) return
    this.running = true
    this.parts.submit({ type: 'MergeDeclarations', ...apart }, (outcome) => {
      this.running = false
      this.parts.onMerged(outcome)
      if (outcome.status !== 'undecided' && this.apart === apart) this.apart = undefined
      if (this.apart) this.parts.clock.after(AGAIN_MS, () => this.begin())
    })
  }
}
