import type { Command, Refusal } from '@core/commands/command'
import { decide } from '@core/commands/decide'
import { goesOnFrom, type DurableOn } from '@core/consensus/index'
import { isDecision, type Envelope, type Event, type Observation } from '@core/events/event'
import { plausible } from '@core/merging/index'
import type { CommandId, Timestamp } from '@core/ids'
import type { IdSource } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import type { EventLog } from './log/event-log'
import type { NewRecord } from './log/record'
import type { Projection } from './projection'

export type CommandResult =
  | { readonly status: 'done'; readonly durableOn?: DurableOn | undefined }
  | { readonly status: 'refused'; readonly refusal: Refusal }

/**
 * Declarations of a split cannot be merged by this leader: its log does not contain the records up to which they shared
 * one. They are submitted again once the logs have been brought together.
 */
export class UnrelatedLog extends Error {
  constructor() {
    super('The log that this was declared apart from is not part of the leader’s')
    this.name = 'UnrelatedLog'
  }
}

/** Results kept in memory, so that a command that is retried gets the first result. */
const KEPT_RESULTS = 1000

/** Tombstones kept even if every member has them: they also tell a removed machine why it is refused. */
const KEPT_TOMBSTONES = 1000

export interface SequencerOptions {
  readonly log: EventLog
  readonly projection: Projection
  readonly now: () => Timestamp
  readonly ids: IdSource
  /**
   * Replicates the records just appended. `durable` is the promise of the local append. Resolves when they may be
   * acknowledged, with the number of disks that hold them; rejects with LeadershipLost. Default: the local append suffices.
   */
  readonly replicate?: (durable: Promise<void>) => Promise<DurableOn | undefined>
  /** Stamp up to which every member has all removals; undefined if unknown. Older tombstones are dropped. */
  readonly removalsKnown?: () => Timestamp | undefined
  /** A leader's stamps are more than a year ahead; they were replaced by the current time. */
  readonly onImplausible?: (node: string) => void
  /** An append failed; the log refuses all later ones. */
  readonly onFailure: (error: unknown) => void
}

/** `replicate` of a node without other members. */
const localOnly = async (durable: Promise<void>): Promise<undefined> => {
  await durable
}

/**
 * Orders the leader's events: assigns the index, folds, appends (decisions only), then notifies listeners. The state
 * therefore runs ahead of the disk; answers wait until the decisions they rest on are acknowledged.
 */
export class Sequencer {
  private log: EventLog
  /** By command id, oldest first; includes running commands. */
  private readonly results = new Map<CommandId, Promise<CommandResult>>()

  constructor(private readonly options: SequencerOptions) {
    this.log = options.log
  }

  /**
   * Executes a command once, however often it is submitted with the same id. Resolves when its decisions are acknowledged,
   * or with the refusal. Rejects with MasterError (disk), LeadershipLost or UnrelatedLog; the caller may then retry.
   */
  submit(command: Command, { commandId }: { commandId: CommandId }): Promise<CommandResult> {
    const known = this.results.get(commandId)
    if (known) return known
    const result = this.execute(command, commandId)
    this.results.set(commandId, result)
    // A command that failed may be retried; the log knows whether its decisions survived.
    result.catch(() => this.results.delete(commandId))
    for (const oldest of this.results.keys()) {
      if (this.results.size <= KEPT_RESULTS) break
      this.results.delete(oldest)
    }
    return result
  }

  /** Folds an observation and notifies listeners. Observations are not logged. */
  observe(event: Observation): void {
    // `onFailure` has the error.
    void this.add([event]).catch(() => undefined)
  }

  /** Adds events in this order, with one append for all decisions. Resolves when the decisions are acknowledged. */
  add(events: readonly Event[], commandId?: CommandId): Promise<DurableOn | undefined> {
    const { projection, now, onFailure, replicate = localOnly } = this.options
    const records: NewRecord[] = []
    for (const event of events) {
      const envelope = projection.foldNew(event, now(), {
        ...(commandId !== undefined && { commandId }),
        ...this.removalsKnown(event),
      })
      if (isDecision(event)) records.push({ kind: 'decision', envelope })
    }
    const written = this.log.append(records)
    written.catch((error: unknown) => onFailure(error))
    const durable = records.length === 0 ? localOnly(written) : replicate(written)
    projection.notify()
    return durable
  }

  /**
   * Continues from another log and state, after a disk error or as a new leader. Skips one event index, so that a client
   * that saw events which are undone now cannot resume after them.
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

  /** Above `KEPT_TOMBSTONES`, a removal carries the stamp up to which folding it drops tombstones. */
  private removalsKnown({ type }: Event): Pick<Envelope, 'removalsKnown'> {
    if (type !== 'MetaInstanceDeleted' && type !== 'ApiKeyRevoked' && type !== 'MemberRemoved') return {}
    const isMany = this.options.projection.read(({ retired = {} }) => Object.keys(retired).length >= KEPT_TOMBSTONES)
    const known = isMany ? this.options.removalsKnown?.() : undefined
    return known === undefined ? {} : { removalsKnown: known }
  }

  /** Replaces implausible stamps in the declarations of another side of a split, and reports the nodes that set them. */
  private withPlausibleStamps(command: Command): Command {
    if (command.type !== 'MergeDeclarations') return command
    const { unmerged, implausible } = plausible(command, this.options.now())
    for (const node of implausible) this.options.onImplausible?.(node)
    return { ...command, ...unmerged }
  }

  private async execute(command: Command, commandId: CommandId): Promise<CommandResult> {
    const { now, ids, projection, replicate = localOnly } = this.options
    const { log } = this
    if (log.commands.has(commandId)) {
      // Decided before, here or by an earlier leader: acknowledge it once the whole log is.
      return { status: 'done', durableOn: await replicate(log.flushed()) }
    }
    if (command.type === 'MergeDeclarations' && command.since && !goesOnFrom(log.logEnd, command.since))
      throw new UnrelatedLog()
    const decided = decide(projection.state(), this.withPlausibleStamps(command), { now: now(), ids })
    const own = decided.status === 'decided' ? await this.add(decided.events, commandId) : undefined
    // Without a decision of its own the answer rests on earlier ones, which may not be durable yet.
    const isDecided = decided.status === 'decided' && decided.events.some(isDecision)
    const durableOn = isDecided ? own : await replicate(log.flushed())
    return decided.status === 'refused' ? decided : { status: 'done', durableOn }
  }
}
