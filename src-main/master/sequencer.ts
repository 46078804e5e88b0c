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

/**
 * Called right after the fold, in the order of the indexes; `before` is the state it was folded into.
 * `reset` where the state was put back to what the disk has.
 */
export interface Listener {
  readonly event: (envelope: Envelope, before: State) => void
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
  private readonly outgoing: { readonly envelope: Envelope; readonly before: State }[] = []
  private sending = false
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
    for (const event of events) {
      const before = this.current
      const envelope = this.envelope(event)
      this.current = fold(before, envelope)
      if (isDecision(event)) records.push({ kind: 'decision', envelope })
      this.recent.add(envelope)
      this.outgoing.push({ envelope, before })
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
    const { lastEventIndex, lastEventAt } = this.current
    this.log = log
    this.current = {
      ...state,
      lastEventIndex: Math.max(state.lastEventIndex, lastEventIndex) + 1,
      lastEventAt: Math.max(state.lastEventAt, lastEventAt),
    }
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
      for (let next = this.outgoing.shift(); next; next = this.outgoing.shift()) {
        for (const { event } of this.listeners) event(next.envelope, next.before)
      }
    } finally {
      this.sending = false
    }
  }

  private async carryOut(command: Command): Promise<CommandResult> {
    const { now, ids } = this.options
    const { log } = this
    const decided = decide(this.current, command, { now: now(), ids })
    if (decided.status === 'decided') await this.add(decided.events)
    // An answer without a decision of its own rests on earlier ones, which may still be on their way to the disk.
    if (decided.status === 'refused' || !decided.events.some(isDecision)) await log.flushed()
    return decided.status === 'refused' ? decided : { status: 'done' }
  }

  private envelope(event: Event): Envelope {
    const { lastEventIndex, lastEventAt, term } = this.current
    const at = Math.max(this.options.now(), lastEventAt)
    return { v: EVENT_SCHEMA_VERSION, index: lastEventIndex + 1, term, at, event }
  }
}
