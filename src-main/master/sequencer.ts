import type { Command, Refusal } from '@core/commands/command'
import { decide } from '@core/commands/decide'
import { goesOnFrom, type DurableOn } from '@core/consensus/index'
import { isDecision, type Envelope, type Event, type Observation } from '@core/events/event'
import { plausible } from '@core/merging/index'
import type { CommandId, Timestamp } from '@core/ids'
import type { IdSource } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import type { EventLog } from './event-log'
import type { NewRecord } from './log-contents'
import type { Projection } from './projection'

export type CommandResult =
  | { readonly status: 'done'; readonly durableOn?: DurableOn | undefined }
  | { readonly status: 'refused'; readonly refusal: Refusal }

/** What was declared apart from another log than this leader's: it is merged once its log and this one have met. */
export class UnrelatedLog extends Error {
  constructor() {
    super('The log that this was declared apart from is not part of the leader’s')
    this.name = 'UnrelatedLog'
  }
}

/** How many commands are remembered, so that one sent twice acts once. */
const REMEMBERED_COMMANDS = 1000

/** So many are no burden; the oldest of them also tell a removed machine why nobody lets it in. */
const KEPT_TOMBSTONES = 1000

export interface SequencerOptions {
  readonly log: EventLog
  readonly projection: Projection
  readonly now: () => Timestamp
  readonly ids: IdSource
  /** Records were given to the log; the promise is the log's. Resolves when they may be acknowledged, with what that rests on. */
  readonly replicate?: (durable: Promise<void>) => Promise<DurableOn | undefined>
  /** Up to when every member knows what was removed. */
  readonly removalsKnown?: () => Timestamp | undefined
  /** What a leader stamped is beyond reason, and counts as made now. */
  readonly onImplausible?: (node: string) => void
  /** The disk refused an append: nothing more is acknowledged. */
  readonly onFailure: (error: unknown) => void
}

/** Rests on the one log that there is. */
const alone = async (durable: Promise<void>): Promise<undefined> => {
  await durable
}

/**
 * Gives every event its index, folds it, appends it (a decision) and sends it on, in that order;
 * nothing loops back.
 */
export class Sequencer {
  private log: EventLog
  private readonly results = new Map<CommandId, Promise<CommandResult>>()

  constructor(private readonly options: SequencerOptions) {
    this.log = options.log
  }

  /** Decides, and answers when all decisions are durable and folded. Rejects with MasterError. */
  submit(command: Command, { commandId }: { commandId: CommandId }): Promise<CommandResult> {
    const known = this.results.get(commandId)
    if (known) return known
    const result = this.carryOut(command, commandId)
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
  add(events: readonly Event[], commandId?: CommandId): Promise<DurableOn | undefined> {
    const { projection, now, onFailure, replicate = alone } = this.options
    const records: NewRecord[] = []
    for (const event of events) {
      const envelope = projection.place(event, now(), {
        ...(commandId !== undefined && { commandId }),
        ...this.removalsKnown(event),
      })
      if (isDecision(event)) records.push({ kind: 'decision', envelope })
    }
    const written = this.log.append(records)
    written.catch((error: unknown) => onFailure(error))
    const durable = records.length === 0 ? alone(written) : replicate(written)
    projection.sendOn()
    return durable
  }

  /**
   * Goes on from what the disk has. That takes an index of its own: who saw events that are undone by it
   * cannot resume after them.
   */
  restore(log: EventLog, state: State): void {
    const { projection } = this.options
    const { lastEventIndex, lastEventAt } = projection.state()
    this.log = log
    this.results.clear()
    projection.replace({
      ...state,
      lastEventIndex: Math.max(state.lastEventIndex, lastEventIndex) + 1,
      lastEventAt: Math.max(state.lastEventAt, lastEventAt),
    })
  }

  /** With many tombstones: those that every member has seen go with the next one. */
  private removalsKnown({ type }: Event): Pick<Envelope, 'removalsKnown'> {
    if (type !== 'MetaInstanceDeleted' && type !== 'ApiKeyRevoked' && type !== 'MemberRemoved') return {}
    const isMany = this.options.projection.look(({ retired = {} }) => Object.keys(retired).length >= KEPT_TOMBSTONES)
    const known = isMany ? this.options.removalsKnown?.() : undefined
    return known === undefined ? {} : { removalsKnown: known }
  }

  /** A command as far as it can be so: what another side declared may bear stamps beyond reason. */
  private believed(command: Command): Command {
    if (command.type !== 'MergeDeclarations') return command
    const { apart, implausible } = plausible(command, this.options.now())
    for (const node of implausible) this.options.onImplausible?.(node)
    return { ...command, ...apart }
  }

  private async carryOut(command: Command, commandId: CommandId): Promise<CommandResult> {
    const { now, ids, projection, replicate = alone } = this.options
    const { log } = this
    if (log.commands.has(commandId)) {
      // Decided before, here or by an earlier master; it is safe once the log is.
      return { status: 'done', durableOn: await replicate(log.flushed()) }
    }
    if (command.type === 'MergeDeclarations' && command.since && !goesOnFrom(log.logEnd, command.since))
      throw new UnrelatedLog()
    const decided = decide(projection.state(), this.believed(command), { now: now(), ids })
    const own = decided.status === 'decided' ? await this.add(decided.events, commandId) : undefined
    // An answer without a decision of its own rests on earlier ones, which may still be on their way to the disks.
    const isDecided = decided.status === 'decided' && decided.events.some(isDecision)
    const durableOn = isDecided ? own : await replicate(log.flushed())
    return decided.status === 'refused' ? decided : { status: 'done', durableOn }
  }
}
