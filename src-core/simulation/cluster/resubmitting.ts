import type { Command } from '../../commands/command'
import { commandsOf, type KeptSplit } from '../../consensus/resubmit'
import type { State } from '../../state/state'
import type { SimulatedLog } from './log'
import type { Outcome } from './outcome'

export interface ResubmittingParts {
  readonly log: SimulatedLog
  readonly state: () => State
  readonly submit: (command: Command, tell: (outcome: Outcome) => void) => void
  readonly onSubmitted: (command: Command, outcome: Outcome) => void
}

/** What was set aside after a split lies on the disk until its declarations were submitted again. */
export class SimulatedResubmitting {
  private readonly splits: KeptSplit[] = []
  private running = false

  constructor(private readonly parts: ResubmittingParts) {}

  get pending(): number {
    return this.splits.length
  }

  /** The records after this one are about to be set aside. */
  keep(after: number): void {
    const { log } = this.parts
    this.splits.push({ after, common: log.stateAt(after), decided: log.decidedAfter(after), own: log.stateAt() })
  }

  /** The process ended: the splits stay on the disk. */
  end(): void {
    this.running = false
  }

  /** Submits what there is to whoever decides now; where that fails it is kept for the next time. */
  begin(): void {
    if (this.running) return
    this.running = true
    this.next()
  }

  private next(): void {
    const [split] = this.splits
    if (split === undefined) this.running = false
    else this.submit(split, commandsOf(split, this.parts.state()))
  }

  private submit(split: KeptSplit, [command, ...rest]: readonly Command[]): void {
    if (command === undefined) {
      this.splits.splice(this.splits.indexOf(split), 1)
      return this.next()
    }
    this.parts.submit(command, (outcome) => {
      this.parts.onSubmitted(command, outcome)
      if (outcome.status === 'undecided') this.running = false
      else this.submit(split, rest)
    })
  }
}
