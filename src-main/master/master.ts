import type { Command } from '@core/commands/command'
import type { LogEnd, Message } from '@core/consensus/index'
import type { Envelope, Observation } from '@core/events/event'
import type { HistoryEvent } from '@core/events/history-event'
import type { CommandId, MetaInstanceId, NodeId, Timestamp } from '@core/ids'
import type { SubmitResult, WatchItem } from '@core/protocols/peer'
import { mayDecide, type ReconcileInputs } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import { CardLoader } from './card-loader'
import { Commanding } from './commanding'
import { journal } from './decision-journal'
import { Departure } from './departure'
import { systemHost, type Host } from './host'
import { diskHangs, stopping, termLost, type MasterError } from './errors'
import type { EventLog } from './event-log'
import { tell } from './following'
import { statusOf, type MasterOptions, type MasterStatus } from './master-options'
import { alone, type Network } from './network'
import { ActiveRole } from './active-role'
import { Projection } from './projection'
import type { Leadership } from './leadership'
import { Replication, type Brought } from './replication'
import { Membership } from './membership'
import { MemberClocks } from './member-clocks'
import { MemberChanges } from './member-changes'
import { memberWarnings } from './member-warnings'
import { Observing } from './observing'
import { latestDecisions, precededBy } from './past-events'
import { Sequencer, type CommandResult } from './sequencer'
import { SteppingDown } from './stepping-down'
import { merger } from './split'
import { Storage } from './storage'

export type { MasterOptions, MasterStatus } from './master-options'

/**
 * This node's part in deciding: it leads, or it follows who does. As master it takes commands and keeps the
 * declarations true; as follower it keeps a copy of the log, shows what the master says, and passes commands on.
 * Where its disk refuses it steps down, acknowledges nothing, and comes back with what the disk has.
 */
export class Master {
  private readonly storage: Storage
  private readonly projection: Projection
  private readonly sequencer: Sequencer
  private readonly replication: Replication
  private readonly network: Network
  private readonly cards: CardLoader
  private readonly commanding: Commanding
  private readonly activeRole: ActiveRole
  private readonly disk: SteppingDown
  private readonly departure: Departure
  private readonly membership: Membership
  private readonly memberChanges: MemberChanges
  private readonly observing: Observing
  private readonly merge: () => void
  private closed = false
  /** It was removed from its cluster, and has not begun anew yet. */
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
    const clocks = new MemberClocks({ self: nodeId, host, projection: this.projection, log: options.log })
    const now = (): Timestamp => clocks.now()
    this.membership = new Membership({ self: nodeId, admittedBy }, opened.state)
    this.sequencer = new Sequencer({
      log: opened.storage.log,
      projection: this.projection,
      now,
      ids: host.ids,
      replicate: (durable) => this.replication.replicate(durable),
      removalsKnown: () => this.replication.removalsKnown(this.projection.lastEventAt),
      onImplausible: warnings.onImplausible,
      onFailure: (error) => this.disk.take(error),
    })
    this.commanding = new Commanding({
      sequencer: this.sequencer,
      timers,
      leads: () => (this.isRemoved ? { kind: 'nobody' } : this.replication.leads),
      refusal: () => this.refusal(),
      elsewhere: (...command) => network.submit(...command),
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
      tell: (reason) => this.observe({ type: 'NodeLeaving', nodeId, reason }),
      leave: () => this.replication.leave(),
      comeBack: () => {
        network.begin()
        // With a disk that refuses it has no part to take yet.
        if (this.disk.error) this.replication.listen()
        else this.replication.take({ kind: 'wake' })
      },
    })
    this.memberChanges = new MemberChanges({
      membership: this.membership,
      replication: () => this.replication,
      state: () => this.state(),
      timers,
      isOver: () => this.closed,
      onRemoved: () => options.onRemoved?.(),
    })
    this.merge = merger(this.storage.directory, {
      submit: (command) => this.submit(command, { commandId: host.ids.commandId() }),
      isOver: () => this.closed,
      timers,
      log: options.log,
    })
    this.observing = new Observing({
      leads: () => this.replication.leads,
      isRefusing: () => this.disk.error !== undefined,
      state: () => this.state(),
      sequencer: this.sequencer,
      network,
      timers,
    })
    this.cards = new CardLoader({ load: options.loadCard, onResult: () => this.activeRole.wake(), now, timers })
    this.activeRole = new ActiveRole({
      self: nodeId,
      network,
      projection: this.projection,
      cards: this.cards,
      onTerm: (term) => this.beginTerm(term),
      apply: (events) => {
        if (!this.disk.error) void this.sequencer.add(events).catch(() => undefined)
      },
      onLed: () => this.merge(),
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
      reset: () => this.memberChanges.look(),
    })
    this.replication = new Replication({
      self: nodeId,
      members: this.membership.all,
      log: opened.storage.log,
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
      onDiskHangs: (milliseconds) => this.disk.take(diskHangs(this.storage.directory.path, milliseconds)),
      wall: host.wall,
      onClock: (peer, clock) => clocks.hear(peer, clock),
      onStandstill: (milliseconds) => {
        clocks.stoodStill()
        network.stoodStill(milliseconds)
      },
      onFailure: (error) => this.disk.take(error),
    })
  }

  /** Opens the data folder for deciding. A node without fellows leads at once. Throws MasterError. */
  static async open(options: MasterOptions): Promise<Master> {
    const { host = systemHost } = options
    const unlock = host.lock(options.dataDir)
    try {
      const opened = Storage.open({ ...options, directory: host.directory })
      options.log.info({ replayed: opened.replayed, sequence: opened.storage.log.sequence }, 'opened the log')
      const master = new Master(options, host, unlock, opened)
      if (master.membership.isAlone) await master.ledOrFailed()
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

  /**
   * The last events in memory, oldest first, preceded by up to `decisions` decisions of the log: what is in memory begins
   * at the last start or change of master, and reports of busy machines fill it soon.
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

  eventsAfter(index: number, term: number): readonly Envelope[] | undefined {
    return this.projection.recent.after(index, term)
  }

  /** All members that this node knows of, itself among them. */
  memberIds(): readonly NodeId[] {
    return this.membership.all
  }

  /** Whether the log on its disk names it as a member. Its state may do so earlier, as the leader tells it. */
  get isNamedByLog(): boolean {
    return this.options.nodeId in this.storage.log.state.members && this.replication.isOnDisk
  }

  /** Resolves when durable and folded here. Rejects with MasterError where nobody can decide. */
  submit(command: Command, options: { commandId: CommandId }): Promise<CommandResult> {
    return this.commanding.submit(command, options)
  }

  /** Something that this machine sees, for whoever leads. */
  observe(event: Observation): void {
    this.observing.observe(event)
  }

  /** Resolves after the next pass over the state; at once where another node makes it. */
  reconciled(): Promise<void> {
    return this.activeRole.passed()
  }

  /** A declaration's newest decisions, oldest first. */
  async history(metaInstanceId: MetaInstanceId): Promise<readonly HistoryEvent[]> {
    return (await this.storage.history(metaInstanceId)).events
  }

  /** How far its log goes. */
  get logEnd(): LogEnd {
    return this.storage.log.logEnd
  }

  /** What its next pass would see; only of a node that leads. */
  inputs(): ReconcileInputs | undefined {
    return this.activeRole.inputs()
  }

  /** The models on this machine changed: their cards are read again. */
  modelsChanged(): void {
    this.cards.invalidate()
  }

  status(): MasterStatus {
    const isLost = this.replication.leads.kind === 'nobody' && this.replication.hasLostTerm
    return statusOf(
      this.replication.leads,
      this.disk.error ?? (isLost ? termLost(this.storage.directory.path) : undefined),
    )
  }

  /** This machine sleeps or quits: the others hear of it now, and one of them leads if this one did. */
  leave(reason: string): Promise<void> {
    return this.departure.leave(reason)
  }

  /** This node restarts: one of the others leads, and nobody takes it for gone before it has had time to come back. */
  stepAside(): Promise<void> {
    return this.departure.stepAside()
  }

  /** It is back. */
  comeBackFromSleep(): void {
    this.departure.comeBack()
  }

  /** It was removed from its cluster: it takes no commands until it has begun anew, as what it decides is not kept. */
  removed(): void {
    this.isRemoved = true
  }

  // What the links bring.

  connected(peer: NodeId, { knowsTails = true }: { readonly knowsTails?: boolean } = {}): void {
    this.replication.take({ kind: 'connected', peer, knowsTails })
  }

  disconnected(peer: NodeId): void {
    this.replication.take({ kind: 'disconnected', peer })
  }

  refused(peer: NodeId): void {
    this.replication.take({ kind: 'refused', peer })
  }

  received(from: NodeId, message: Message, brought: Brought = {}): void {
    this.replication.receive(from, message, brought)
  }

  /** What a member says it sees. */
  observedBy(from: NodeId, events: readonly Observation[]): void {
    this.observing.observedBy(from, events)
  }

  /** A command that another node took. */
  submittedBy(command: Command, commandId: CommandId): Promise<SubmitResult> {
    return this.commanding.submittedBy(command, commandId)
  }

  /** What a follower of this term is told. Throws where this node does not lead in it. */
  watchedBy(term: number, signal: AbortSignal): AsyncIterable<WatchItem> {
    const { leads } = this.replication
    if (leads.kind !== 'self' || leads.term !== term || this.disk.error) throw new Error('not the master of that term')
    return tell(this.projection, signal)
  }

  /** Sets everything aside that belongs to a cluster, so that the log of another can take its place. */
  async beginAnew(members: readonly NodeId[], { keep }: { readonly keep: boolean }): Promise<void> {
    this.replication.leave()
    this.activeRole.resign()
    // Two that set records aside at once would each go on with a log of their own.
    await this.replication.settled()
    const log = await this.storage.rewind(0, keep ? 'broughtAlong' : 'forgotten')
    this.projection.replace(this.storage.durable())
    this.membership.replace(members)
    this.isRemoved = false
    if (!keep) this.commanding.beginAnew()
    this.replication.return(log, members)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.activeRole.resign()
    await this.disk.close()
    // What was decided is on the disk; a snapshot makes the next start quick.
    if (!this.disk.error) await this.storage.takeSnapshot()
    await this.replication.close()
    await this.storage.close()
    this.unlock()
  }

  private leadershipChanged(leadership: Leadership): void {
    if (this.closed) return this.activeRole.resign()
    if (leadership.kind === 'self') this.membership.lead()
    this.options.onLeadership?.(leadership)
    this.activeRole.enter(leadership)
  }

  private beginTerm(term: number): void {
    const { nodeId, log } = this.options
    log.info({ term, sequence: this.storage.log.sequence }, 'leading')
    // The record of the term is on the disk, and with it all before it: nothing needs to be read.
    this.sequencer.restore(this.storage.log, { ...this.storage.state, term, masterNodeId: nodeId })
  }

  /** Resolves when this node leads or follows; rejects where its disk refuses even that. */
  private async ledOrFailed(): Promise<void> {
    const error = await this.activeRole.ledOr(() => this.disk.error)
    if (!error) return
    await this.close()
    throw error
  }

  private afterEvent({ event }: Envelope): void {
    if (this.replication.leads.kind === 'self')
      for (const more of this.activeRole.gathered(event)) this.sequencer.observe(more)
    if (this.projection.look((state) => mayDecide(state, event))) this.activeRole.wake()
    if (event.type === 'MemberAdmitted' || event.type === 'MemberRemoved') this.memberChanges.look()
  }

  /** What comes after a record is not in the master's log: it makes room for what is. */
  private async rewind(after: number): Promise<EventLog> {
    const log = await this.storage.rewind(after, 'merged')
    // The winner's state may have come before the records were aside; else they are merged when it comes.
    const { leads } = this.replication
    if (leads.kind === 'other' && leads.term === this.state().term) this.merge()
    return log
  }

  /** Why this node may take no command: one that another leads passes it on, whatever its own disk does. */
  private refusal(): MasterError | undefined {
    if (this.closed) return stopping()
    return this.replication.leads.kind === 'other' ? undefined : this.disk.error
  }
}
