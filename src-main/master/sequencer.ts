import type { Command, Refusal } from '@core/commands/command'
import { decide } from '@core/commands/decide'
import { EVENT_SCHEMA_VERSION, isDecision, type Envelope, type Event, type Observation } from '@core/events/event'
import { fold } from '@core/events/fold'
import type { CommandId, Timestamp } from '@core/ids'
import type { IdSource } from '@core/reconcile/process-manager'
import type { State } from '@core/state/state'
import type { EventLog, NewRecord } from './event-log'
import { RecentEvents } from './recent-events'

export type CommandResult = { readonly status: 'done' } | { readonly status: 'refused'; readonly refusal: Refusal }

/** Called right after the fold; `reset` where the state was put back to what the disk has. */
export interface Listener {
  readonly event: (envelope: Envelope) => void
  readonly reset?: (() => void) | undefined
}

/** How many commands are remembered, so that one sent twice acts once. */
const REMEMBERED_COMMANDS = 1000

export interface SequencerOptions {
  readonly log: EventLog
  readonly state: State
  readonly now: () => Timestamp
  readonly ids: IdSource
  /** The disk refused an append: nothing more is acknowledged. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Gives every event its index, folds it, appends it (a decision) and sends it on, in that order;
 * nothing loops back.
 */
export class Sequencer {
  private log: EventLog
  private current: State
  private readonly listeners = new Set<Listener>()
  private readonly results = new Map<CommandId, Promise<CommandResult>>()
  readonly recent = new RecentEvents()

  constructor(private readonly options: SequencerOptions) {
    this.log = options.log
    this.current = options.state
  }

  state(): State {
    return this.current
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Decides, and answers when all decisions are durable and folded. Rejects with MasterError. */
  submit(command: Command, { commandId }: { commandId: CommandId }): Promise<CommandResult> {
    const known = this.results.get(commandId)
    if (known) return known
    const result = this.carryOut(command)
    this.results.set(commandId, result)
    // One that could not be made durable did not act, and may be sent again.
    result.catch(() => this.results.delete(commandId))
    for (const oldest of this.results.keys()) {
      if (this.results.size <= REMEMBERED_COMMANDS) break
      this.results.delete(oldest)
    }
    return result
  }

  observe(event: Observation): void {
    void this.add([event])
  }

  /** Events in this order, as one append. Resolves when its decisions are durable. */
  add(events: readonly Event[]): Promise<void> {
    const records: NewRecord[] = []
    const envelopes: Envelope[] = []
    for (const event of events) {
      const envelope = this.envelope(event)
      this.current = fold(this.current, envelope)
      if (isDecision(event)) records.push({ kind: 'decision', envelope })
      envelopes.push(envelope)
    }
    const durable = this.log.append(records)
    durable.catch((error: unknown) => this.options.onFailure(error))
    for (const envelope of envelopes) {
      this.recent.add(envelope)
      for (const { event } of this.listeners) event(envelope)
    }
    return durable
  }

  /** Goes on from what the disk has, in a new term. */
  restore(log: EventLog, state: State): void {
    this.log = log
    this.current = state
    this.results.clear()
    this.recent.clear()
    for (const { reset } of this.listeners) reset?.()
  }

  private async carryOut(command: Command): Promise<CommandResult> {
    const { now, ids } = this.options
    const decided = decide(this.current, command, { now: now(), ids })
    if (decided.status === 'refused') return { status: 'refused', refusal: decided.refusal }
    await this.add(decided.events)
    return { status: 'done' }
  }

  private envelope(event: Event): Envelope {
    const { lastEventIndex, lastEventAt, term } = this.current
    const at = Math.max(this.options.now(), lastEventAt)
    return { v: EVENT_SCHEMA_VERSION, index: lastEventIndex + 1, term, at, event }
  }
}
