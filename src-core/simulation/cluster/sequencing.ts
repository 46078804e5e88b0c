import type { Command } from '../../commands/command'
import { decide } from '../../commands/decide'
import { isDecision, type Event } from '../../events/event'
import type { CommandId } from '../../ids'
import type { IdSource } from '../../reconcile/process-manager'
import type { NewRecord } from './log'
import type { NodeClock } from './node-clock'
import type { Outcome } from './outcome'
import type { SimulatedProjection } from './projection'
import type { SimulatedReplication } from './replication'

export interface SequencingParts {
  readonly clock: NodeClock
  readonly ids: IdSource
  readonly projection: SimulatedProjection
  readonly replication: () => SimulatedReplication
  /** Whether the log has decisions of that command. */
  readonly isDecided: (commandId: CommandId) => boolean
}

type Answer = (outcome: Outcome | { readonly status: 'lost' }) => void

/** What a master does with events and commands: index, fold, append, tell; each command once. */
export class SimulatedSequencing {
  private readonly results = new Map<CommandId, { outcome?: Outcome; readonly waiting: Answer[] }>()

  constructor(private readonly parts: SequencingParts) {}

  /** A term of its own begins: what was asked in another is not remembered. */
  begin(): void {
    this.results.clear()
  }

  add(events: readonly Event[], answer: Answer = () => undefined, commandId?: CommandId): void {
    const { projection, clock, replication } = this.parts
    const records: NewRecord[] = events.flatMap((event) => {
      const envelope = projection.place(event, clock.now(), commandId)
      return isDecision(event) ? [{ kind: 'decision' as const, envelope }] : []
    })
    if (records.length > 0)
      replication().replicate(records, {
        done: () => answer({ status: 'done' }),
        lost: () => answer({ status: 'lost' }),
      })
    projection.sendOn()
  }

  submit(command: Command, commandId: CommandId, answer: Answer): void {
    const known = this.results.get(commandId)
    if (known?.outcome) return answer(known.outcome)
    if (known) return void known.waiting.push(answer)
    const result: { outcome?: Outcome; readonly waiting: Answer[] } = { waiting: [answer] }
    this.results.set(commandId, result)
    this.carryOut(command, commandId, (outcome) => {
      if (outcome.status === 'lost') this.results.delete(commandId)
      else result.outcome = outcome
      for (const tell of result.waiting.splice(0)) tell(outcome)
    })
  }

  private carryOut(command: Command, commandId: CommandId, answer: Answer): void {
    const { projection, clock, ids, replication, isDecided } = this.parts
    // Decided before, here or by an earlier master; it is safe once the log is.
    if (isDecided(commandId))
      return replication().replicate([], {
        done: () => answer({ status: 'done' }),
        lost: () => answer({ status: 'lost' }),
      })
    const decided = decide(projection.state(), command, { now: clock.now(), ids })
    if (decided.status === 'decided' && decided.events.some(isDecision))
      return this.add(decided.events, answer, commandId)
    if (decided.status === 'decided') this.add(decided.events)
    // An answer without a decision of its own rests on earlier ones, which may not be safe yet.
    const outcome: Outcome =
      decided.status === 'refused' ? { status: 'refused', refusal: decided.refusal } : { status: 'done' }
    replication().replicate([], { done: () => answer(outcome), lost: () => answer({ status: 'lost' }) })
  }
}
