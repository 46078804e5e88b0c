import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from '@core/commands/command'
import type { Envelope, Observation } from '@core/events/event'
import {
  InstanceId,
  RunnerId,
  type CommandId,
  type MetaInstanceId,
  type ModelId,
  type NodeId,
  type Timestamp,
} from '@core/ids'
import type { CardResult, IdSource } from '@core/reconcile/process-manager'
import { durablePart } from '@core/state/durable'
import type { State } from '@core/state/state'
import { CardLoader } from './card-loader'
import { lockDataDir } from './data-lock'
import { journal, type JournalLog } from './decision-journal'
import { proveRoom } from './directory'
import { diskError, MasterError, stopping } from './errors'
import { EventLog } from './event-log'
import { historyOf } from './history'
import { ReconcileLoop } from './reconcile-loop'
import { Sequencer, type CommandResult, type Listener } from './sequencer'
import { writeSnapshot } from './snapshot'

/** Decisions between two snapshots. */
const SNAPSHOT_EVERY = 5000
/** After the disk refused: how often it is tried again. */
const DISK_RETRY_MS = 2000
/** It must have this much room: where no more than a few records fit, the node would step down again at once. */
const DISK_ROOM_BYTES = 64 * 1024

export type MasterStatus =
  | { readonly role: 'master' }
  | { readonly role: 'stepped-down'; readonly code: string; readonly reason: string; readonly hint: string }

export interface MasterOptions {
  readonly dataDir: string
  readonly nodeId: NodeId
  readonly loadCard: (modelId: ModelId) => Promise<CardResult>
  readonly log: JournalLog
  readonly now?: () => Timestamp
  /** When the log begins a new segment. */
  readonly segmentBytes?: number
}

const drawnIds: IdSource = {
  instanceId: () => InstanceId.parse(randomUUID()),
  runnerId: () => RunnerId.parse(randomUUID()),
}

/**
 * Decides for the cluster: opens the log, takes a new term, and keeps the declarations true until it
 * is closed. Where the disk refuses an append it steps down, acknowledges nothing, and comes back
 * with what the disk has.
 */
export class Master {
  private log: EventLog
  private readonly sequencer: Sequencer
  private readonly loop: ReconcileLoop
  private readonly cards: CardLoader
  private snapshotAt: number
  private steppedDown: MasterError | undefined
  private retry: NodeJS.Timeout | undefined
  private returning: Promise<void> | undefined
  private closed = false

  private constructor(
    private readonly options: MasterOptions,
    private readonly now: () => Timestamp,
    private readonly unlock: () => void,
    opened: OpenedLog,
  ) {
    this.log = opened.log
    this.snapshotAt = opened.log.sequence - opened.replayed
    this.sequencer = new Sequencer({
      log: opened.log,
      state: opened.state,
      now,
      ids: drawnIds,
      onFailure: (error) => this.stepDown(error),
    })
    this.cards = new CardLoader({ load: options.loadCard, onResult: () => this.loop.wake(), now })
    this.loop = new ReconcileLoop({
      state: () => this.sequencer.state(),
      apply: (events) => {
        if (!this.steppedDown) void this.sequencer.add(events).catch(() => undefined)
      },
      need: ({ modelId }) => this.cards.need(modelId),
      cards: () => this.cards.cards(),
      heard: () => this.heardLately(),
      ids: drawnIds,
      now,
      onFailure: (manager, error) => options.log.warn({ manager, err: error }, 'a process manager failed'),
    })
    this.sequencer.subscribe({
      event: (envelope, subject) => {
        journal(options.log, subject, envelope)
        this.afterEvent()
      },
    })
  }

  /** Opens the data folder for deciding. Throws MasterError. */
  static async open(options: MasterOptions): Promise<Master> {
    const now = options.now ?? Date.now
    const unlock = lockDataDir(options.dataDir)
    try {
      return new Master(options, now, unlock, await openTerm(options))
    } catch (error) {
      unlock()
      throw error
    }
  }

  state(): State {
    return this.sequencer.state()
  }

  subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void {
    const listener: Listener = { event, reset }
    return this.sequencer.subscribe(listener)
  }

  eventsAfter(index: number, term: number): readonly Envelope[] | undefined {
    return this.sequencer.recent.after(index, term)
  }

  /** Resolves when durable. Rejects with MasterError where this node cannot decide. */
  submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    const refusal = this.closed ? stopping() : this.steppedDown
    return refusal ? Promise.reject(refusal) : this.sequencer.submit(command, options)
  }

  observe(event: Observation): void {
    this.sequencer.observe(event)
  }

  /** Resolves after the next pass over the state. */
  reconciled(): Promise<void> {
    return this.loop.passed()
  }

  /** A declaration's decisions, oldest first, from the log. */
  history(metaInstanceId: MetaInstanceId): Promise<readonly Envelope[]> {
    return historyOf(join(this.options.dataDir, 'log'), metaInstanceId)
  }

  /** The models on this machine changed: their cards are read again. */
  modelsChanged(): void {
    this.cards.invalidate()
  }

  status(): MasterStatus {
    if (!this.steppedDown) return { role: 'master' }
    const { code, message, hint } = this.steppedDown
    return { role: 'stepped-down', code, reason: message, hint }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.loop.stop()
    clearTimeout(this.retry)
    await this.returning
    if (!this.steppedDown) {
      // What was decided is on the disk; a snapshot makes the next start quick.
      await this.takeSnapshot()
    }
    await this.log.close()
    this.unlock()
  }

  /** This node hears itself, but until it has said what it is it is only expected: what stands on it is left alone. */
  private heardLately(): Readonly<Record<string, Timestamp>> {
    const { nodeId } = this.options
    return nodeId in this.sequencer.state().nodes ? { [nodeId]: this.now() } : {}
  }

  private afterEvent(): void {
    this.loop.wake()
    if (this.log.sequence - this.snapshotAt >= SNAPSHOT_EVERY) void this.takeSnapshot()
  }

  private takeSnapshot(): Promise<void> {
    const { sequence, epochs } = this.log.logEnd
    const state = this.sequencer.state()
    this.snapshotAt = sequence
    // Only what is durable may stand in a snapshot.
    return this.log
      .flushed()
      .then(() => writeSnapshot(join(this.options.dataDir, 'log'), { sequence, epochs, state }))
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'no snapshot was written'))
  }

  private stepDown(error: unknown): void {
    if (this.steppedDown || !(error instanceof MasterError) || error.code === 'closed') return
    this.become(error)
    // Before anybody hears of the failure: what did not become durable must not be seen as if it had.
    try {
      const { log, state } = readLog(this.options)
      void log.close()
      this.sequencer.restore(this.log, { ...state, masterNodeId: this.options.nodeId })
    } catch (cause) {
      this.options.log.warn({ err: cause }, 'the log cannot be read either')
    }
    this.retryLater()
  }

  private become(error: MasterError): void {
    if (this.steppedDown?.code !== error.code)
      this.options.log.warn({ code: error.code, reason: error.message, hint: error.hint }, 'stepped down')
    this.steppedDown = error
  }

  private retryLater(): void {
    if (this.closed) return
    this.retry = setTimeout(() => {
      this.returning = this.comeBack()
    }, DISK_RETRY_MS)
  }

  private async comeBack(): Promise<void> {
    try {
      await this.log.close()
      requireRoom(this.options.dataDir)
      const opened = await openTerm(this.options)
      this.log = opened.log
      this.snapshotAt = opened.log.sequence - opened.replayed
      this.steppedDown = undefined
      this.sequencer.restore(opened.log, opened.state)
      this.loop.wake()
      this.options.log.info({ term: opened.state.term }, 'deciding again')
    } catch (error) {
      if (error instanceof MasterError) this.become(error)
      else this.options.log.warn({ err: error }, 'cannot decide yet')
      this.retryLater()
    }
  }
}

const requireRoom = (dataDir: string): void => {
  const directory = join(dataDir, 'log')
  try {
    proveRoom(directory, DISK_ROOM_BYTES)
  } catch (cause) {
    throw diskError(directory, cause)
  }
}

interface OpenedLog {
  readonly log: EventLog
  readonly state: State
  /** Records that no snapshot spared. */
  readonly replayed: number
}

/** What the log holds, without anything that only observers know. Throws MasterError. */
const readLog = ({ dataDir, nodeId, log: logger, segmentBytes }: MasterOptions): OpenedLog => {
  const warn = (message: string): void => logger.warn({}, message)
  const { log, state, replayed } = EventLog.open({
    directory: join(dataDir, 'log'),
    self: nodeId,
    warn,
    ...(segmentBytes !== undefined && { segmentBytes }),
  })
  return { log, state: durablePart(state), replayed }
}

/** What the log holds, in a term of its own: a record of it proves that the disk takes writes. */
const openTerm = async (options: MasterOptions): Promise<OpenedLog> => {
  const { log, state, replayed } = readLog(options)
  const term = state.term + 1
  try {
    await log.append([{ kind: 'term', term, master: options.nodeId }])
  } catch (error) {
    await log.close()
    throw error
  }
  options.log.info({ term, replayed, sequence: log.sequence }, 'opened the log')
  return { log, state: { ...state, term, masterNodeId: options.nodeId }, replayed }
}
