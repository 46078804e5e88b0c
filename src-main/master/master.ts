import { randomUUID } from 'node:crypto'
import type { Command } from '@core/commands/command'
import type { Message } from '@core/consensus/message'
import type { Envelope, Observation } from '@core/events/event'
import type { LogRecord } from '@core/events/record'
import {
  CommandId,
  InstanceId,
  RunnerId,
  type MetaInstanceId,
  type ModelId,
  type NodeId,
  type Timestamp,
} from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'
import type { CardResult, IdSource } from '@core/reconcile/process-manager'
import { mayObserve } from '@core/state/observer'
import type { State } from '@core/state/state'
import { CardLoader } from './card-loader'
import { Commanding } from './commanding'
import { lockDataDir } from './data-lock'
import { journal, type JournalLog } from './decision-journal'
import { proveRoom } from './directory'
import { diskError, MasterError, stopping } from './errors'
import type { EventLog } from './event-log'
import { follow, tell } from './following'
import { historyOf } from './history'
import { lead } from './leading'
import { logDirectory, openedState, openLogFolder, type OpenedLog } from './log-folder'
import { Projection } from './projection'
import type { ReconcileLoop } from './reconcile-loop'
import { LeadershipLost, Replication, type Leadership } from './replication'
import { Sequencer, type CommandResult } from './sequencer'
import { writeSnapshot } from './snapshot'
import { setRecordsAside, submitAgain } from './split'

/** Decisions between two snapshots. */
const SNAPSHOT_EVERY = 5000
/** After the disk refused: how often it is tried again. */
const DISK_RETRY_MS = 2000
/** It must have this much room: where no more than a few records fit, the node would step down again at once. */
const DISK_ROOM_BYTES = 64 * 1024
/** Last words are given this long to be on their way. */
const FAREWELL_MS = 30
export type MasterStatus =
  | { readonly role: 'master' }
  | { readonly role: 'follower'; readonly master: NodeId }
  /** Nobody is known to lead. */
  | { readonly role: 'seeking' }
  | { readonly role: 'stepped-down'; readonly code: string; readonly reason: string; readonly hint: string }

/** The other members, as this part needs them. */
export interface Network {
  send(to: NodeId, message: Message, records?: readonly LogRecord[]): void
  observe(master: NodeId, events: readonly Observation[]): void
  /** Rejects where the master cannot be reached. */
  submit(master: NodeId, command: Command, commandId: CommandId): Promise<SubmitResult>
  watch(master: NodeId, term: number, signal: AbortSignal): AsyncIterable<WatchItem>
  /** When each linked member was last heard. */
  heard(): Readonly<Record<string, Timestamp>>
  /** Ends all links and makes them anew. */
  begin(): void
}

export interface MasterOptions {
  readonly dataDir: string
  readonly nodeId: NodeId
  readonly loadCard: (modelId: ModelId) => Promise<CardResult>
  readonly log: JournalLog
  readonly now?: () => Timestamp
  /** When the log begins a new segment. */
  readonly segmentBytes?: number
  /** Without it this node is alone. */
  readonly network?: Network
  /** Members that an admission named before the log could. */
  readonly admittedBy?: readonly NodeId[]
  /** This node was told that it is no member any more. */
  readonly onRemoved?: () => void
}

const drawnIds: IdSource = {
  instanceId: () => InstanceId.parse(randomUUID()),
  runnerId: () => RunnerId.parse(randomUUID()),
}

const alone: Network = {
  send: () => undefined,
  observe: () => undefined,
  submit: () => Promise.resolve({ status: 'not_master' }),
  watch: async function* () {},
  heard: () => ({}),
  begin: () => undefined,
}

/**
 * This node's part in deciding: it leads, or it follows who does. As master it takes commands and keeps the
 * declarations true; as follower it keeps a copy of the log, shows what the master says, and passes commands on.
 * Where its disk refuses it steps down, acknowledges nothing, and comes back with what the disk has.
 */
export class Master {
  private log: EventLog
  private readonly projection: Projection
  private readonly sequencer: Sequencer
  private readonly replication: Replication
  private readonly network: Network
  private readonly cards: CardLoader
  private readonly commanding: Commanding
  private loop: ReconcileLoop | undefined
  private unfollow: (() => void) | undefined
  private snapshotAt: number
  private steppedDown: MasterError | undefined
  private retry: NodeJS.Timeout | undefined
  private returning: Promise<void> | undefined
  private observed: Observation[] = []
  private members: readonly NodeId[]
  private resubmitting = false
  private closed = false
  private readonly led: Promise<void>
  private tellLed: () => void = () => undefined

  private constructor(
    private readonly options: MasterOptions,
    private readonly now: () => Timestamp,
    private readonly unlock: () => void,
    opened: OpenedLog,
  ) {
    const { nodeId, network = alone, admittedBy = [] } = options
    this.led = new Promise((resolve) => {
      this.tellLed = resolve
    })
    this.network = network
    this.log = opened.log
    this.snapshotAt = opened.log.sequence - opened.replayed
    this.projection = new Projection(opened.state)
    this.members = membersOf(opened.state, nodeId, admittedBy)
    this.sequencer = new Sequencer({
      log: opened.log,
      projection: this.projection,
      now,
      ids: drawnIds,
      replicate: (durable) => this.replication.replicate(durable),
      onFailure: (error) => this.stepDown(error),
    })
    this.commanding = new Commanding({
      sequencer: this.sequencer,
      leads: () => this.replication.leads,
      refusal: () => (this.closed ? stopping() : this.steppedDown),
      elsewhere: (...command) => network.submit(...command),
      projection: this.projection,
    })
    this.cards = new CardLoader({ load: options.loadCard, onResult: () => this.loop?.wake(), now })
    this.projection.subscribe({
      event: (envelope, subject) => {
        if (this.loop) journal(options.log, subject, envelope)
        this.afterEvent(envelope)
      },
      reset: () => this.membersMayHaveChanged(),
    })
    this.replication = new Replication({
      self: nodeId,
      members: this.members,
      log: opened.log,
      directory: logDirectory(options),
      send: (to, message, records) => network.send(to, message, records),
      onLeadership: (leadership) => this.leadershipChanged(leadership),
      rewind: (after) => this.rewind(after),
      onWake: () => network.begin(),
      onFailure: (error) => this.stepDown(error),
    })
  }

  /** Opens the data folder for deciding. A node without fellows leads at once. Throws MasterError. */
  static async open(options: MasterOptions): Promise<Master> {
    const now = options.now ?? Date.now
    const unlock = lockDataDir(options.dataDir)
    try {
      const opened = openLogFolder(options)
      options.log.info({ replayed: opened.replayed, sequence: opened.log.sequence }, 'opened the log')
      const master = new Master(options, now, unlock, opened)
      if (master.members.every((member) => member === options.nodeId)) await master.ledOrFailed()
      return master
    } catch (error) {
      unlock()
      throw error
    }
  }

  state(): State {
    return this.projection.state()
  }

  subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void {
    return this.projection.subscribe({ event, reset })
  }

  eventsAfter(index: number, term: number): readonly Envelope[] | undefined {
    return this.projection.recent.after(index, term)
  }

  /** All members that this node knows of, itself among them. */
  memberIds(): readonly NodeId[] {
    return this.members
  }

  /** Resolves when durable and folded here. Rejects with MasterError where nobody can decide. */
  submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    return this.commanding.submit(command, options)
  }

  observe(event: Observation): void {
    const { leads } = this.replication
    if (leads.kind === 'self' && !this.steppedDown) this.sequencer.observe(event)
    // Where nobody leads nothing is lost: whoever observes says it again when somebody does.
    else if (leads.kind === 'other') this.passOn(event)
  }

  /** Resolves after the next pass over the state; at once where another node makes it. */
  reconciled(): Promise<void> {
    return this.loop?.passed() ?? Promise.resolve()
  }

  /** A declaration's decisions, oldest first, from the log. */
  history(metaInstanceId: MetaInstanceId): Promise<readonly Envelope[]> {
    return historyOf(logDirectory(this.options), metaInstanceId)
  }

  /** The models on this machine changed: their cards are read again. */
  modelsChanged(): void {
    this.cards.invalidate()
  }

  status(): MasterStatus {
    if (this.steppedDown) {
      const { code, message, hint } = this.steppedDown
      return { role: 'stepped-down', code, reason: message, hint }
    }
    const { leads } = this.replication
    switch (leads.kind) {
      case 'self':
        return { role: 'master' }
      case 'other':
        return { role: 'follower', master: leads.master }
      case 'nobody':
        return { role: 'seeking' }
    }
  }

  /** This machine sleeps or quits: the others hear of it now, and one of them leads if this one did. */
  async leave(reason: string): Promise<void> {
    if (this.members.length === 1 || this.closed) return
    this.observe({ type: 'NodeLeaving', nodeId: this.options.nodeId, reason })
    await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
    this.replication.leave()
    await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
  }

  /** It is back. */
  comeBackFromSleep(): void {
    if (this.members.length === 1 || this.closed) return
    this.network.begin()
    this.replication.take({ kind: 'wake' })
  }

  // What the links bring.

  connected(peer: NodeId): void {
    this.replication.take({ kind: 'connected', peer })
  }

  disconnected(peer: NodeId): void {
    this.replication.take({ kind: 'disconnected', peer })
  }

  refused(peer: NodeId): void {
    this.replication.take({ kind: 'refused', peer })
  }

  received(from: NodeId, message: Message, records?: readonly LogRecord[]): void {
    this.replication.receive(from, message, records)
  }

  /** What a member says it sees. */
  observedBy(from: NodeId, events: readonly Observation[]): void {
    if (this.replication.leads.kind !== 'self' || this.steppedDown) return
    for (const event of events) if (mayObserve(this.state(), from, event)) this.sequencer.observe(event)
  }

  /** A command that another node took. */
  submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    return this.commanding.submittedBy(command, commandId)
  }

  /** What a follower of this term is told. Throws where this node does not lead in it. */
  watchedBy(term: number, signal: AbortSignal): AsyncIterable<WatchItem> {
    const { leads } = this.replication
    if (leads.kind !== 'self' || leads.term !== term || this.steppedDown) throw new Error('not the master of that term')
    return tell(this.projection, signal)
  }

  /** Sets everything aside that belongs to a cluster, so that the log of another can take its place. */
  async beginAnew(members: readonly NodeId[], { keep }: { readonly keep: boolean }): Promise<void> {
    this.replication.leave()
    this.stopLeading()
    this.unfollow?.()
    const log = await this.rewind(0, { keep })
    this.projection.replace(openedState(this.options))
    this.members = members
    this.replication.return(log, members)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    const led = this.loop !== undefined && !this.steppedDown
    this.stopLeading()
    this.unfollow?.()
    clearTimeout(this.retry)
    await this.returning
    // What was decided is on the disk; a snapshot makes the next start quick.
    if (led) await this.takeSnapshot()
    await this.replication.close()
    await this.log.close()
    this.unlock()
  }

  private passOn(event: Observation): void {
    this.observed.push(event)
    if (this.observed.length > 1) return
    setImmediate(() => {
      const events = this.observed
      this.observed = []
      const { leads } = this.replication
      if (leads.kind === 'other') this.network.observe(leads.master, events)
    })
  }

  private leadershipChanged(leadership: Leadership): void {
    this.stopLeading()
    this.unfollow?.()
    this.unfollow = undefined
    if (this.closed) return
    const { log } = this.options
    switch (leadership.kind) {
      case 'nobody':
        return
      case 'self':
        log.info({ term: leadership.term, sequence: this.log.sequence }, 'leading')
        this.beginLeading(leadership.term)
        return
      case 'other':
        log.info({ term: leadership.term, master: leadership.master }, 'following')
        this.unfollow = follow({
          master: leadership.master,
          term: leadership.term,
          projection: this.projection,
          watch: (master, term, signal) => this.network.watch(master, term, signal),
          onState: () => {
            this.tellLed()
            void this.resubmit()
          },
          log,
        })
        return
    }
  }

  private beginLeading(term: number): void {
    const { nodeId } = this.options
    this.sequencer.restore(this.log, { ...openedState(this.options), term, masterNodeId: nodeId })
    this.loop = lead({
      self: nodeId,
      state: () => this.state(),
      apply: (events) => {
        if (!this.steppedDown) void this.sequencer.add(events).catch(() => undefined)
      },
      cards: this.cards,
      heard: () => this.network.heard(),
      ids: drawnIds,
      now: this.now,
      log: this.options.log,
    })
    this.tellLed()
    void this.resubmit()
  }

  private stopLeading(): void {
    this.loop?.stop()
    this.loop = undefined
  }

  /** Resolves when this node leads or follows; rejects where its disk refuses even that. */
  private async ledOrFailed(): Promise<void> {
    for (let settled = false; !settled;) {
      settled = await Promise.race([
        this.led.then(() => true),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 5)),
      ])
      if (this.steppedDown && !settled) {
        const error = this.steppedDown
        await this.close()
        throw error
      }
    }
  }

  private afterEvent({ event }: Envelope): void {
    this.loop?.wake()
    if (event.type === 'MemberAdmitted' || event.type === 'MemberRemoved') this.membersMayHaveChanged()
    if (this.loop && this.log.sequence - this.snapshotAt >= SNAPSHOT_EVERY) void this.takeSnapshot()
  }

  private membersMayHaveChanged(): void {
    const { nodeId, onRemoved, admittedBy = [] } = this.options
    const state = this.state()
    const wasMember = this.members.length > 1
    const isMember = nodeId in state.members
    this.members = membersOf(state, nodeId, isMember ? [] : admittedBy)
    this.replication.take({ kind: 'members', members: this.members })
    if (wasMember && !isMember && Object.keys(state.members).length > 0 && this.replication.leads.kind === 'other')
      onRemoved?.()
  }

  private takeSnapshot(): Promise<void> {
    const { sequence, epochs } = this.log.logEnd
    const state = this.state()
    this.snapshotAt = sequence
    // Only what is durable may stand in a snapshot.
    return this.log
      .flushed()
      .then(() => writeSnapshot(logDirectory(this.options), { sequence, epochs, state }))
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'no snapshot was written'))
  }

  /** What comes after a record is not in the master's log: it makes room for what is. */
  private async rewind(after: number, { keep = true } = {}): Promise<EventLog> {
    await this.log.flushed().catch(() => undefined)
    await this.log.close()
    const opened = await setRecordsAside(this.options, { after, keep })
    this.log = opened.log
    this.snapshotAt = opened.log.sequence - opened.replayed
    return opened.log
  }

  private async resubmit(): Promise<void> {
    if (this.resubmitting) return
    this.resubmitting = true
    const submit = (command: Command) => this.submit(command, { commandId: CommandId.parse(randomUUID()) })
    await submitAgain(logDirectory(this.options), { state: () => this.state(), submit, log: this.options.log })
    this.resubmitting = false
  }

  private stepDown(error: unknown): void {
    if (error instanceof LeadershipLost) return
    if (!(error instanceof MasterError)) return this.options.log.warn({ err: error }, 'replication failed')
    if (this.steppedDown || error.code === 'closed') return
    this.become(error)
    this.stopLeading()
    this.unfollow?.()
    this.unfollow = undefined
    this.replication.leave()
    // Before anybody hears of the failure: what did not become durable must not be seen as if it had.
    try {
      const state = openedState(this.options)
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
      requireRoom(logDirectory(this.options))
      const opened = openLogFolder(this.options)
      this.log = opened.log
      this.snapshotAt = opened.log.sequence - opened.replayed
      this.steppedDown = undefined
      this.options.log.info({}, 'the disk takes records again')
      this.replication.return(opened.log)
    } catch (error) {
      if (error instanceof MasterError) this.become(error)
      else this.options.log.warn({ err: error }, 'cannot decide yet')
      this.retryLater()
    }
  }
}

const membersOf = ({ members }: State, self: NodeId, admittedBy: readonly NodeId[]): NodeId[] => [
  ...new Set([self, ...admittedBy, ...Object.values(members).map(({ nodeId }) => nodeId)]),
]

const requireRoom = (directory: string): void => {
  try {
    proveRoom(directory, DISK_ROOM_BYTES)
  } catch (cause) {
    throw diskError(directory, cause)
  }
}
