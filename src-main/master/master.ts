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
import { lockDataDir } from './data-lock'
import { journal, type JournalLog } from './decision-journal'
import { proveRoom } from './directory'
import { diskError, MasterError, noMaster, stopping } from './errors'
import type { EventLog } from './event-log'
import { follow, tell } from './following'
import { historyOf } from './history'
import { logDirectory, openLogFolder, type OpenedLog } from './log-folder'
import { Projection } from './projection'
import { ReconcileLoop } from './reconcile-loop'
import { LeadershipLost, Replication, type Leadership } from './replication'
import { Sequencer, type CommandResult } from './sequencer'
import { setAside } from './set-aside'
import { writeSnapshot } from './snapshot'
import { commandsOf, forgetSplit, keepSplit, readSplit, stateAt } from './split'

/** Decisions between two snapshots. */
const SNAPSHOT_EVERY = 5000
/** After the disk refused: how often it is tried again. */
const DISK_RETRY_MS = 2000
/** It must have this much room: where no more than a few records fit, the node would step down again at once. */
const DISK_ROOM_BYTES = 64 * 1024
/** Last words are given this long to be on their way. */
const FAREWELL_MS = 30
/** How long a command waits for somebody who can decide. */
const NO_MASTER_MS = 10_000
/** And how often it looks. */
const LOOK_MS = 50

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
  private loop: ReconcileLoop | undefined
  private unfollow: (() => void) | undefined
  private firstHeard = new Map<string, Timestamp>()
  private ledSince: Timestamp = 0
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
  async submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    const deadline = performance.now() + NO_MASTER_MS
    for (;;) {
      const refusal = this.closed ? stopping() : this.steppedDown
      if (refusal) throw refusal
      const result = await this.attempt(command, options)
      if (result) return result
      if (performance.now() > deadline) throw noMaster()
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
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
  async submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    const { leads } = this.replication
    if (leads.kind !== 'self' || this.steppedDown || this.closed) return { status: 'not_master' }
    try {
      const result = await this.sequencer.submit(command, { commandId })
      if (result.status === 'refused') return { status: 'refused', refusal: result.refusal }
      const { lastEventIndex, term } = this.state()
      return { status: 'done', index: lastEventIndex, term }
    } catch (error) {
      if (error instanceof LeadershipLost || error instanceof MasterError) return { status: 'not_master' }
      throw error
    }
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

  /** The result, or undefined where somebody else has to be asked. */
  private async attempt(command: Command, options: { commandId: CommandId }): Promise<CommandResult | undefined> {
    const { leads } = this.replication
    try {
      switch (leads.kind) {
        case 'self':
          return await this.sequencer.submit(command, options)
        case 'nobody':
          return undefined
        case 'other': {
          const result = await this.network.submit(leads.master, command, options.commandId)
          if (result.status === 'not_master') return undefined
          if (result.status === 'refused') return { status: 'refused', refusal: result.refusal as never }
          await this.reached(result.index, result.term)
          return { status: 'done' }
        }
      }
    } catch (error) {
      if (error instanceof MasterError) throw error
      // The master went away in the middle: its successor is asked, and what was done is not done twice.
      return undefined
    }
  }

  /** Resolves when this node's state has that event, or belongs to a later term. */
  private reached(index: number, term: number): Promise<void> {
    const isThere = (): boolean => {
      const state = this.state()
      return state.term > term || (state.term === term && state.lastEventIndex >= index)
    }
    if (isThere()) return Promise.resolve()
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isThere()) return
        unsubscribe()
        clearTimeout(late)
        resolve()
      }
      const unsubscribe = this.subscribe(look, look)
      const late = setTimeout(() => {
        unsubscribe()
        resolve()
      }, NO_MASTER_MS)
    })
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
    this.firstHeard = new Map()
    this.ledSince = this.now()
    this.sequencer.restore(this.log, { ...openedState(this.options), term, masterNodeId: nodeId })
    this.loop = new ReconcileLoop({
      state: () => this.state(),
      apply: (events) => {
        if (!this.steppedDown) void this.sequencer.add(events).catch(() => undefined)
      },
      need: ({ modelId }) => this.cards.need(modelId),
      cards: () => this.cards.cards(),
      heard: () => this.heardLately(),
      firstHeard: () => Object.fromEntries(this.firstHeard),
      ids: drawnIds,
      now: this.now,
      onFailure: (manager, error) => this.options.log.warn({ manager, err: error }, 'a process manager failed'),
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

  /** This node hears itself, but until a node has said what it is it is only expected: what stands on it is left alone. */
  private heardLately(): Readonly<Record<string, Timestamp>> {
    const { nodeId } = this.options
    const { nodes } = this.state()
    const heard: Record<string, Timestamp> = {}
    for (const [peer, at] of [...Object.entries(this.network.heard()), [nodeId, this.now()] as const]) {
      if (!(peer in nodes) || at < this.ledSince) continue
      heard[peer] = at
      if (!this.firstHeard.has(peer)) this.firstHeard.set(peer, at)
    }
    return heard
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

  /** What comes after a record is not in the master's log: it is kept beside it until its declarations were submitted again. */
  private async rewind(after: number, { keep = true } = {}): Promise<EventLog> {
    const directory = logDirectory(this.options)
    await this.log.flushed().catch(() => undefined)
    await this.log.close()
    const own = openedState(this.options)
    const earlier = readSplit(directory)
    if (keep && earlier === undefined) {
      const common = await stateAt(directory, after)
      await keepSplit(directory, { after, common, own })
    }
    const aside = setAside({ directory, after })
    this.options.log.warn({ after, aside }, 'set aside what the other machines do not have')
    const opened = openLogFolder(this.options)
    this.log = opened.log
    this.snapshotAt = opened.log.sequence - opened.replayed
    return opened.log
  }

  private async resubmit(): Promise<void> {
    const directory = logDirectory(this.options)
    if (this.resubmitting) return
    const split = readSplit(directory)
    if (!split) return
    this.resubmitting = true
    try {
      for (const command of commandsOf(split, this.state())) {
        const result = await this.submit(command, { commandId: CommandId.parse(randomUUID()) })
        this.options.log.info({ command: command.type, result: result.status }, 'submitted again after a split')
      }
      forgetSplit(directory)
    } catch (err) {
      this.options.log.warn({ err }, 'what was decided during a split is submitted again later')
    } finally {
      this.resubmitting = false
    }
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

/** What the disk has, read without disturbing the log that is open. */
const openedState = (options: MasterOptions): State => {
  const { log, state } = openLogFolder(options)
  void log.close()
  return state
}

const requireRoom = (directory: string): void => {
  try {
    proveRoom(directory, DISK_ROOM_BYTES)
  } catch (cause) {
    throw diskError(directory, cause)
  }
}
