import type { Command } from '@core/commands/command'
import type { LogEnd, Message } from '@core/consensus/index'
import type { Envelope, Observation } from '@core/events/event'
import type { CommandId, MetaInstanceId, NodeId, Timestamp } from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'
import { mayDecide, type ReconcileInputs } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import { CardLoader } from './card-loader'
import { CommandRouter } from './command-router'
import { journal } from './decision-journal'
import { Departure } from './departure'
import type { History } from './log/history'
import { systemHost, type Host } from './host'
import { diskHangs, stopping, termLost, type MasterError } from './errors'
import type { EventLog } from './log/event-log'
import { followerStream } from './following'
import { statusOf, type MasterOptions, type MasterStatus } from './master-options'
import { alone, type Network } from './network'
import { ActiveRole } from './active-role'
import { Projection } from './projection'
import type { Leadership } from './leadership'
import { Replication, type Payload } from './replication/replication'
import { Membership } from './membership'
import { MemberClocks } from './member-clocks'
import { MemberChanges } from './member-changes'
import { memberWarnings } from './member-warnings'
import { Observing } from './observing'
import { latestDecisions, precededBy } from './past-events'
import { Sequencer, type CommandResult } from './sequencer'
import { SteppingDown } from './stepping-down'
import { backgroundMerge } from './log/split-merge'
import { Storage } from './log/storage'

export type { MasterOptions, MasterStatus } from './master-options'

/**
 * One node of the control plane, as leader or follower. The leader executes commands and runs reconcile passes; a
 * follower replicates the log, shows the leader's state, and forwards commands. If the disk refuses, the node steps down
 * and acknowledges nothing until the disk accepts records again. README.md has the contract.
 */
export class Master {
  private readonly storage: Storage
  private readonly projection: Projection
  private readonly sequencer: Sequencer
  private readonly replication: Replication
  private readonly network: Network
  private readonly cards: CardLoader
  private readonly commands: CommandRouter
  private readonly activeRole: ActiveRole
  private readonly disk: SteppingDown
  private readonly departure: Departure
  private readonly membership: Membership
  private readonly memberChanges: MemberChanges
  private readonly observing: Observing
  private readonly clocks: MemberClocks
  private readonly merge: () => void
  private closed = false
  /** Whether this node was removed from its cluster and `startOver` has not completed yet. */
  private isRemoved = false

  private constructor(
    private readonly options: MasterOptions,
    private readonly host: Host,
    private readonly unlock: () => void,
    opened: ReturnType<typeof Storage.open>,
  ) {
    const { nodeId, network = alone, admittedBy = [] } = options
    const { timers } = host
    const warnings = memberWarnings(options.log)
    this.network = network
    this.storage = opened.storage
    this.projection = new Projection(opened.state)
    this.clocks = new MemberClocks({
      ...{ self: nodeId, host, projection: this.projection, log: options.log },
      leads: () => this.replication.leadership.kind === 'self',
      onWrong: (wrong) => options.onWrongClocks?.(wrong),
    })
    const now = (): Timestamp => this.clocks.now()
    this.membership = new Membership({ self: nodeId, admittedBy }, opened.state)
    this.sequencer = new Sequencer({
      log: opened.storage.log,
      projection: this.projection,
      now,
      ids: host.ids,
      replicate: (durable) => this.replication.replicate(durable),
      removalsKnown: () => this.replication.removalsKnown(this.projection.lastEventAt),
      onImplausible: warnings.onImplausible,
      onFailure: (error) => this.disk.handle(error),
    })
    this.commands = new CommandRouter({
      sequencer: this.sequencer,
      timers,
      leadership: () => (this.isRemoved ? { kind: 'nobody' } : this.replication.leadership),
      refusal: () => this.refusal(),
      forward: (...command) => network.submit(...command),
      projection: this.projection,
    })
    this.disk = new SteppingDown({
      ...{ self: nodeId, storage: opened.storage, sequencer: this.sequencer, timers, log: options.log },
      replication: () => this.replication,
      resign: () => this.activeRole.resign(),
    })
    this.departure = new Departure({
      timers,
      isAlone: () => this.membership.isAlone || this.closed,
      announce: (reason) => this.observe({ type: 'NodeLeaving', nodeId, reason }),
      leave: () => this.replication.leave(),
      comeBack: () => {
        network.reconnect()
        // A node whose disk refuses only keeps track of the leader.
        if (this.disk.error) this.replication.listen()
        else this.replication.step({ kind: 'wake' })
      },
    })
    this.memberChanges = new MemberChanges({
      membership: this.membership,
      replication: () => this.replication,
      state: () => this.state(),
      timers,
      isClosed: () => this.closed,
      onRemoved: () => options.onRemoved?.(),
    })
    this.merge = backgroundMerge(this.storage.directory, {
      submit: (...command) => this.submit(...command),
      newCommandId: () => host.ids.commandId(),
      ownLog: () => this.storage.log,
      isOver: () => this.closed,
      timers,
      log: options.log,
    })
    this.observing = new Observing({
      leadership: () => this.replication.leadership,
      isRefusing: () => this.disk.error !== undefined,
      state: () => this.state(),
      sequencer: this.sequencer,
      network,
      timers,
    })
    this.cards = new CardLoader({ load: options.loadCard, onResult: () => this.activeRole.schedulePass(), now, timers })
    this.activeRole = new ActiveRole({
      self: nodeId,
      network,
      projection: this.projection,
      cards: this.cards,
      onTerm: (term) => this.beginTerm(term),
      apply: (events) => {
        if (!this.disk.error) void this.sequencer.add(events).catch(() => undefined)
      },
      onEntered: () => this.merge(),
      now,
      host,
      onPassed: options.onPassed,
      log: options.log,
    })
    this.projection.subscribe({
      event: (envelope, subject) => {
        if (this.activeRole.leads) journal(options.log, subject, envelope)
        this.afterEvent(envelope)
      },
      reset: () => this.memberChanges.update(),
    })
    this.replication = new Replication({
      self: nodeId,
      members: this.membership.all,
      log: opened.storage.log,
      boot: host.ids.boot(),
      directory: this.storage.directory,
      send: (to, message, records) => network.send(to, message, records),
      timers,
      onLeadership: (leadership) => this.leadershipChanged(leadership),
      rewind: (after) => this.rewind(after),
      snapshot: () => this.storage.snapshot(),
      sendSnapshot: (to, message, bytes) => network.sendSnapshot(to, message, bytes),
      install: (snapshot) => this.storage.install(snapshot),
      onTooOld: warnings.onTooOld,
      onDistrust: warnings.onDistrust,
      onVouched: (leader) => this.memberChanges.vouched(leader),
      onDiskHangs: (milliseconds) => this.disk.handle(diskHangs(this.storage.directory.path, milliseconds)),
      wall: host.wall,
      onClock: (peer, clock) => this.clocks.record(peer, clock),
      onStandstill: (milliseconds) => {
        this.clocks.forget()
        network.processPaused(milliseconds)
      },
      onFailure: (error) => this.disk.handle(error),
    })
  }

  /**
   * Locks the data folder and opens its log. A node without other members resolves once it leads. Rejects with
   * MasterError.
   */
  static async open(options: MasterOptions): Promise<Master> {
    const { host = systemHost } = options
    const unlock = host.lock(options.dataDir)
    try {
      const opened = Storage.open({ ...options, directory: host.directory })
      options.log.info({ replayed: opened.replayed, sequence: opened.storage.log.sequence }, 'opened the log')
      const master = new Master(options, host, unlock, opened)
      if (master.membership.isAlone) await master.enterRole()
      return master
    } catch (error) {
      unlock()
      throw error
    }
  }

  /** The current state of this node. */
  state(): State {
    return this.projection.state()
  }

  /**
   * Calls `event` for each event after it is folded, and `reset` after the state was replaced. Returns the function that
   * unsubscribes.
   */
  subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void {
    return this.projection.subscribe({ event, reset })
  }

  /**
   * The last `last` events in memory, oldest first, preceded by up to `decisions` earlier decisions from the log: memory
   * starts at the last start or change of leader, and observations of busy machines soon fill it. Never rejects.
   */
  async latestEvents({ last, decisions }: { last: number; decisions: number }): Promise<readonly Envelope[]> {
    const { directory, log } = this.storage
    const earlier = await latestDecisions(directory, { sequence: log.sequence, most: decisions }).catch(
      (err: unknown) => {
        this.options.log.warn({ err }, 'earlier decisions could not be read')
        return []
      },
    )
    return precededBy(earlier, this.projection.recent.latest(last))
  }

  /** The events after an index of a term; undefined if the caller needs a snapshot instead. */
  eventsAfter(index: number, term: number): readonly Envelope[] | undefined {
    return this.projection.recent.after(index, term)
  }

  /** All members that this node knows, including itself. */
  memberIds(): readonly NodeId[] {
    return this.membership.all
  }

  /** Whether the durable log names this node as a member. The state, which comes from the leader, may do so earlier. */
  get isNamedByLog(): boolean {
    return this.options.nodeId in this.storage.log.state.members && this.replication.isOnDisk
  }

  /**
   * Submits a command. Resolves when it is acknowledged and its events are folded here, or when it is refused. Rejects
   * with MasterError if it is unknown whether it was executed; a retry with the same id is safe.
   */
  submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    return this.commands.submit(command, options)
  }

  /** Reports an observation of this node to the leader. */
  observe(event: Observation): void {
    this.observing.observe(event)
  }

  /** Resolves after the next reconcile pass; at once if another node leads. */
  reconciled(): Promise<void> {
    return this.activeRole.nextPass()
  }

  /** A declaration's decisions, and a summary of each day before them, oldest first. Rejects with the disk's errors. */
  history(metaInstanceId: MetaInstanceId): Promise<History> {
    return this.storage.history(metaInstanceId)
  }

  /** End of this node's log, including records that are not durable yet. */
  get logEnd(): LogEnd {
    return this.storage.log.logEnd
  }

  /** Inputs of the next reconcile pass; undefined if this node does not lead. */
  inputs(): ReconcileInputs | undefined {
    return this.activeRole.inputs()
  }

  /** The models on this machine have changed: cards are loaded again. */
  modelsChanged(): void {
    this.cards.invalidate()
  }

  status(): MasterStatus {
    const isLost = this.replication.leadership.kind === 'nobody' && this.replication.hasLostTerm
    return statusOf(
      this.replication.leadership,
      this.disk.error ?? (isLost ? termLost(this.storage.directory.path) : undefined),
    )
  }

  /** This machine sleeps or quits: reports that, and hands over the leadership. Resolves when the messages were sent. */
  leave(reason: string): Promise<void> {
    return this.departure.leave(reason)
  }

  /** This node restarts: hands over the leadership. Its instances are kept while it restarts. */
  stepAside(): Promise<void> {
    return this.departure.stepAside()
  }

  /** This machine woke up. */
  comeBackFromSleep(): void {
    this.departure.comeBack()
  }

  /** This node was removed from its cluster: it takes no commands until `startOver`, which would discard them. */
  removed(): void {
    this.isRemoved = true
  }

  // Inputs from the links to other members.

  connected(peer: NodeId, { knowsTails = true }: { readonly knowsTails?: boolean } = {}): void {
    this.replication.step({ kind: 'connected', peer, knowsTails })
  }

  disconnected(peer: NodeId): void {
    this.replication.step({ kind: 'disconnected', peer })
  }

  refused(peer: NodeId): void {
    this.replication.step({ kind: 'refused', peer })
  }

  received(from: NodeId, message: Message, payload: Payload = {}): void {
    this.replication.receive(from, message, payload)
  }

  /** Handles observations of a member. */
  observedBy(from: NodeId, events: readonly Observation[]): void {
    this.observing.observedBy(from, events)
  }

  /** Executes a command forwarded by another node. Resolves with `not_master` if this node does not lead. */
  submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    return this.commands.submittedBy(command, commandId)
  }

  /** The state and events for a follower of that term. Throws if this node does not lead in it. */
  watchedBy(term: number, signal: AbortSignal): AsyncIterable<WatchItem> {
    const { leadership } = this.replication
    if (leadership.kind !== 'self' || leadership.term !== term || this.disk.error)
      throw new Error('not the master of that term')
    return followerStream(this.projection, signal)
  }

  /**
   * Moves this node to another cluster: sets the whole log aside and takes part again as one of `members`. With `keep`
   * its declarations and API keys are merged into the new cluster; otherwise they are discarded. Rejects with MasterError
   * if the disk refuses; it can then be repeated.
   */
  async startOver(members: readonly NodeId[], { keep }: { readonly keep: boolean }): Promise<void> {
    this.replication.leave()
    this.activeRole.resign()
    // A truncation for the old leader may still run. Two at a time would each reopen a log of their own.
    await this.replication.settled()
    const log = await this.storage.rewind(0, keep ? 'carriedOver' : 'forgotten')
    this.projection.replace(this.storage.durableState())
    this.membership.replace(members)
    this.isRemoved = false
    if (!keep) this.commands.rejectWaiting()
    this.replication.rejoin(log, members)
  }

  /** Writes a snapshot, leaves the consensus, closes the log and releases the data folder. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.activeRole.resign()
    await this.disk.close()
    // With a snapshot the next start replays nothing.
    if (!this.disk.error) await this.storage.takeSnapshot()
    await this.replication.close()
    await this.storage.close()
    this.unlock()
  }

  private leadershipChanged(leadership: Leadership): void {
    if (this.closed) return this.activeRole.resign()
    if (leadership.kind === 'self') this.membership.endVoucher()
    this.clocks.leadershipChanged()
    this.options.onLeadership?.(leadership)
    this.activeRole.enter(leadership)
  }

  private beginTerm(term: number): void {
    const { nodeId, log } = this.options
    log.info({ term, sequence: this.storage.log.sequence }, 'leading')
    // The record of the term is durable, and so are all before it: the state in memory is the one on disk.
    this.sequencer.restore(this.storage.log, { ...this.storage.state, term, masterNodeId: nodeId })
  }

  /** Resolves when this node leads or follows. If its disk refuses that, closes it and rejects with MasterError. */
  private async enterRole(): Promise<void> {
    const error = await this.activeRole.enteredOr(() => this.disk.error)
    if (!error) return
    await this.close()
    throw error
  }

  private afterEvent({ event }: Envelope): void {
    if (this.replication.leadership.kind === 'self')
      for (const more of this.activeRole.completedRounds(event)) this.sequencer.observe(more)
    if (this.projection.read((state) => mayDecide(state, event))) this.activeRole.schedulePass()
    if (event.type === 'MemberAdmitted' || event.type === 'MemberRemoved') this.memberChanges.update()
  }

  /** Sets aside the records that the leader's log does not have, and merges their declarations. */
  private async rewind(after: number): Promise<EventLog> {
    const log = await this.storage.rewind(after, 'merged')
    // If the leader's state has arrived already, merge now; otherwise its arrival starts the merge (`onEntered`).
    const { leadership } = this.replication
    if (leadership.kind === 'other' && leadership.term === this.state().term) this.merge()
    return log
  }

  /** Why this node cannot take commands. A follower can whatever its disk does, because it only forwards them. */
  private refusal(): MasterError | undefined {
    if (this.closed) return stopping()
    return this.replication.leadership.kind === 'other' ? undefined : this.disk.error
  }
}
