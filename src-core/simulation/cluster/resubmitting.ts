import type { Command } from '../../commands/command'
import { Resubmission } from '../../consensus/resubmission'
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
  private splits: Resubmission[] = []
  private running = false
  /** It was begun meanwhile: the state is another one by then. */
  private wanted = false

  constructor(private readonly parts: ResubmittingParts) {}

  get pending(): number {
    return this.splits.length
  }

  /** The records after this one are about to be set aside. */
  keep(after: number): void {
    const { log } = this.parts
    const decided = log.decidedAfter(after)
    this.splits.push(new Resubmission({ after, common: log.stateAt(after), decided, own: log.stateAt() }))
  }

  /** The process ended: the splits stay on the disk. */
  end(): void {
    this.running = false
    this.wanted = false
    this.splits = this.splits.map(({ split }) => new Resubmission(split))
  }

  /** Submits what there is to whoever decides now; where that fails it is kept for the next time. */
  begin(): void {
    this.wanted = true
    if (!this.running) this.run()
  }

  private run(): void {
    this.running = this.wanted
    this.wanted = false
    if (this.running) this.next()
  }

  private next(): void {
    const [split] = this.splits
    const step = split?.next(this.parts.state())
    if (split === undefined || step === undefined || step.kind === 'later') return this.run()
    if (step.kind === 'done') {
      this.splits.shift()
      return this.next()
    }
    const { command } = step
    this.parts.submit(command, (outcome) => {
      this.parts.onSubmitted(command, outcome)
      if (outcome.status === 'undecided') return this.run()
      split.answered(command, outcome.status === 'refused' ? outcome.refusal : undefined)
      this.next()
    })
  }
}
