import type { Command, Refusal } from '@core/commands/command'
import { decide } from '@core/commands/decide'
import { isDecision, type Envelope, type Event, type Observation } from '@core/events/event'
import { Folding } from '@core/events/fold'
import { subjectOf, type Subject } from '@core/events/subject'
import type { CommandId, Timestamp } from '@core/ids'
import { next } from '@core/reconcile/apply'
import type { IdSource } from '@core/reconcile/process-manager'
import type { State } from '@core/state/state'
import type { EventLog, NewRecord } from './event-log'
import { RecentEvents } from './recent-events'

export type CommandResult = { readonly status: 'done' } | { readonly status: 'refused'; readonly refusal: Refusal }

/**
 * Called right after the fold, in the order of the indexes, with what the event is about as it was before.
 * `reset` where the state was put back to what the disk has.
 */
export interface Listener {
  readonly event: (envelope: Envelope, subject: Subject) => void
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
  private folding: Folding
  private readonly listeners = new Set<Listener>()
  private readonly outgoing: { readonly envelope: Envelope; readonly subject: Subject }[] = []
  private sending = false
  private readonly results = new Map<CommandId, Promise<CommandResult>>()
  readonly recent = new RecentEvents()

  constructor(private readonly options: SequencerOptions) {
    this.log = options.log
    this.folding = new Folding(options.state)
  }

  state(): State {
    return this.folding.state
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
    for (const event of events) {
      const { envelope, subject } = this.folding.look((state) => ({
        envelope: next(state, event, this.options.now()),
        subject: subjectOf(state, event),
      }))
      this.folding.fold(envelope)
      if (isDecision(event)) records.push({ kind: 'decision', envelope })
      this.recent.add(envelope)
      this.outgoing.push({ envelope, subject })
    }
    const durable = this.log.append(records)
    durable.catch((error: unknown) => this.options.onFailure(error))
    this.sendOn()
    return durable
  }

  /**
   * Goes on from what the disk has. That takes an index of its own: who saw events that are undone by it
   * cannot resume after them.
   */
  restore(log: EventLog, state: State): void {
    const { lastEventIndex, lastEventAt } = this.folding.state
    this.log = log
    this.folding = new Folding({
      ...state,
      lastEventIndex: Math.max(state.lastEventIndex, lastEventIndex) + 1,
      lastEventAt: Math.max(state.lastEventAt, lastEventAt),
    })
    this.results.clear()
    this.recent.clear()
    this.outgoing.length = 0
    // What a listener observes anew is sent on when all have been told.
    this.sending = true
    try {
      for (const { reset } of this.listeners) reset?.()
    } finally {
      this.sending = false
    }
    this.sendOn()
  }

  /** A listener may observe something itself: that is sent when everyone has what came before it. */
  private sendOn(): void {
    if (this.sending) return
    this.sending = true
    try {
      for (let sent = this.outgoing.shift(); sent; sent = this.outgoing.shift()) {
        for (const { event } of this.listeners) event(sent.envelope, sent.subject)
      }
    } finally {
      this.sending = false
    }
  }

  private async carryOut(command: Command): Promise<CommandResult> {
    const { now, ids } = this.options
    const { log } = this
    const decided = decide(this.folding.state, command, { now: now(), ids })
    if (decided.status === 'decided') await this.add(decided.events)
    // An answer without a decision of its own rests on earlier ones, which may still be on their way to the disk.
    if (decided.status === 'refused' || !decided.events.some(isDecision)) await log.flushed()
    return decided.status === 'refused' ? decided : { status: 'done' }
  }
}
