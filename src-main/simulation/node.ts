import type { Command } from '@core/commands/command'
import type { LogEnd } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import { CommandId, type ModelId, type NodeId, type Timestamp } from '@core/ids'
import type { CardResult, IdSource } from '@core/reconcile/index'
import type { SimulatedCables } from '@core/simulation/cables'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { ModelAnswers } from '@core/simulation/cards'
import type { Random } from '@core/random'
import type { StepOf } from '@core/simulation/scenario'
import type { World } from '@core/simulation/simulation'
import { SimulatedTasks } from '@core/simulation/tasks'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import type { Monotonic } from '@core/time/clocks'
import { wait } from '@core/time/timers'
import type { MemberLink } from '../cluster/link-layer'
import { type Host, MasterError } from '../master/index'
import type { Founding } from './founding'
import type { Linked, SimulatedLinks } from './links'
import { SimulatedMachine } from './machine'
import { SimulatedMembership } from './membership'
import { NodeClock } from './node-clock'
import type { NodeListener, ObservedNode } from './node-listener'
import type { Outcome } from './outcome'
import { Program } from './program'
import { RecentReports } from './recent-reports'
import { StoredData } from './stored-data'
import { type DiskCopy, VirtualDisk } from './virtual-disk'
import { SimulatedWorker } from './worker'

/** Delay before another start after a disk error prevented one. */
const RESTART_DELAY_MS = 1000
/** Interval at which observers compare the state with what they see. */
const OBSERVE_INTERVAL_MS = 1000
/** Time without contact after which a rank on that machine may hang. */
const SILENT_MS = 5000

export interface NodeParts {
  readonly self: NodeId
  readonly clock: VirtualClock
  readonly links: SimulatedLinks
  readonly cables: SimulatedCables
  readonly ids: IdSource
  readonly answers: ModelAnswers
  readonly random: Random
  readonly world: World
  readonly founding: Founding
  readonly listener: NodeListener
  /** Called when an instance starts or stops computing, for all its machines. */
  readonly onWork: (instance: Instance, options: { readonly busy: boolean }) => void
  /** Delay of this node's start, so that no two nodes tick at the same time. */
  readonly offset: Timestamp
}

/**
 * One machine: the deciding code as shipped, a simulated worker and simulated requests. It knows only what its own disk
 * and its links deliver.
 */
export class SimulatedNode implements Linked, ObservedNode {
  readonly self: NodeId
  readonly machine: SimulatedMachine
  readonly worker: SimulatedWorker
  readonly disk: VirtualDisk
  readonly stored: StoredData
  private readonly clock: NodeClock
  private readonly reports: RecentReports
  private readonly membership: SimulatedMembership
  private readonly host: Host
  private program: Program
  private requests: SimulatedTasks
  private power: 'off' | 'on' | 'asleep' = 'off'
  /** It has announced that it leaves, and reports nothing more about itself. */
  private isLeaving = false
  /** Number of departures begun; a departure that was cancelled by a later one or by a wake-up has no effect. */
  private departures = 0
  private observationDue = false
  private commands = 0
  private boots = 0
  private backup: DiskCopy | undefined

  constructor(private readonly parts: NodeParts) {
    const { self, links, cables, random, world } = parts
    this.self = self
    const clock = (this.clock = new NodeClock(parts.clock))
    this.disk = new VirtualDisk(clock, random)
    this.stored = new StoredData(self, this.disk)
    const reports = (this.reports = new RecentReports(clock))
    this.host = {
      timers: clock,
      wall: () => clock.wall(),
      ids: { ...parts.ids, commandId: () => this.commandId(), boot: () => `boot-${++this.boots}` },
      directory: (path) => this.disk.directory(path),
      // A simulated machine has no other process that could hold the lock.
      lock: () => () => undefined,
    }
    this.membership = new SimulatedMembership({
      ...{ node: this, clock, links, listener: parts.listener, program: () => this.program },
    })
    this.stored.begin(parts.founding.records)
    this.program = this.newProgram(parts.founding.state)
    const state = (): State => this.state()
    const observe = (event: Observation): void => this.observe(event)
    this.machine = new SimulatedMachine({
      ...{ self, clock, cables, reports, state, observe },
      reaches: (peer) => links.reaches(self, peer),
      reachedAt: (peer) => links.reachedAt(self, peer),
      peers: () => this.program.peers(),
    })
    const silent = (): ReadonlySet<NodeId> => new Set(this.program.peers().filter((peer) => this.isSilent(peer)))
    this.worker = new SimulatedWorker({
      ...{ self, clock, random, reports, state, observe, silent },
      behaviour: world.runner,
    })
    this.requests = this.newRequests()
    links.add(self, this)
  }

  state(): State {
    return this.program.state()
  }

  get leadership(): Program['leadership'] {
    return this.isActive() ? this.program.leadership : { kind: 'nobody' }
  }

  get logEnd(): LogEnd | undefined {
    return this.program.logEnd
  }

  isMaster(): boolean {
    return this.isActive() && this.program.leads
  }

  /** Inputs of the next reconcile pass; only on the leader. */
  inputs(): ReturnType<Program['inputs']> {
    return this.program.inputs()
  }

  /** Whether it was removed, knows it, and was not admitted again. */
  get isOutside(): boolean {
    return this.membership.isOutside
  }

  /** Whether its process knows of its removal but has not discarded its data yet. */
  get isStartingOver(): boolean {
    return this.membership.isStartingOver && this.peers().length > 0
  }

  removedAt(nodeId: NodeId): Timestamp | undefined {
    return this.state().retired?.[nodeId]
  }

  heardOfRemoval(...notice: Parameters<Linked['heardOfRemoval']>): void {
    this.membership.heardOfRemoval(...notice)
  }

  isActive(): boolean {
    return this.power === 'on'
  }

  isRunning(): boolean {
    return this.power !== 'off'
  }

  isMember(peer: NodeId): boolean {
    return this.program.isMember(peer)
  }

  // Power and process.

  start(): void {
    // A pending quit is completed first.
    if (this.isLeaving && this.power === 'on') this.crash()
    if (this.power !== 'off') return
    this.power = 'on'
    this.isLeaving = false
    this.machine.begin()
    this.program = this.newProgram(this.state())
    this.clock.after(this.parts.offset, () => this.open())
    const observe = (): void => {
      this.observeAll()
      this.clock.after(OBSERVE_INTERVAL_MS, observe)
    }
    observe()
  }

  /** Power loss: ends the process, its runners and its requests. */
  crash({ torn = false }: { readonly torn?: boolean } = {}): void {
    if (this.power === 'off') return
    const { logEnd } = this
    this.power = 'off'
    this.departures += 1
    this.clock.end()
    this.program.end()
    this.disk.cut({ torn })
    this.worker.end()
    this.requests = this.newRequests()
    this.observationDue = false
    this.parts.links.forget(this.self)
    this.parts.links.updateReachability()
    if (logEnd) this.reportLostRecords(logEnd)
  }

  /** People copy its data folder. */
  backUp(): void {
    this.backup = this.disk.copied()
  }

  /** People put the copy in place of its data folder, while it is off. */
  restore(): void {
    if (this.power === 'off' && this.backup) this.disk.restore(this.backup)
  }

  /** Graceful quit: announced to the others; if it led, another one takes over. */
  quit(): void {
    this.leave('quit', async () => {
      await this.program.close()
      this.crash()
    })
  }

  sleep({ announced, clockStands }: Pick<StepOf<'sleep'>, 'announced' | 'clockStands'>): void {
    if (this.power !== 'on') return
    const fallAsleep = (): void => this.fallAsleep({ clockStands })
    if (announced) this.leave('sleep', fallAsleep)
    else fallAsleep()
  }

  /** The program is notified of the wake-up only if it was notified of the sleep. */
  wake(): void {
    const isGoingToSleep = this.power === 'on' && this.isLeaving
    if (this.power !== 'asleep' && !isGoingToSleep) return
    const wasAnnounced = this.isLeaving
    this.power = 'on'
    this.isLeaving = false
    this.departures += 1
    this.machine.begin()
    this.parts.links.updateReachability()
    if (wasAnnounced) this.program.comeBackFromSleep()
    this.clock.thaw()
    this.parts.links.noticeEnded(this.self)
  }

  setClock(by: { readonly byMs: number }): void {
    this.clock.set(by)
  }

  setDisk(trouble: StepOf<'disk'>): void {
    this.disk.set(trouble)
  }

  // Commands and requests.

  submit(command: Command, onOutcome: (outcome: Outcome, commandId: CommandId) => void): void {
    const commandId = this.commandId()
    this.program.submit(command, commandId, (outcome) => onOutcome(outcome, commandId))
  }

  join(via: SimulatedNode | undefined): void {
    if (this.isActive() && this.program.isOpen) this.membership.join(via)
  }

  peers(): readonly NodeId[] {
    return this.program.peers()
  }

  monotonic(): Monotonic {
    return this.clock.monotonic()
  }

  startTask(...task: Parameters<SimulatedTasks['start']>): void {
    this.requests.start(...task)
  }

  completeTask(...task: Parameters<SimulatedTasks['complete']>): void {
    this.requests.complete(...task)
  }

  // Events of the links.

  up(link: MemberLink): void {
    this.program.router.up(link)
  }

  down(peer: NodeId): void {
    this.program.router.down(peer)
  }

  refused(peer: NodeId): void {
    this.program.router.refused(peer)
  }

  take(from: NodeId, frame: Parameters<Linked['take']>[1]): void {
    if (this.isActive() && this.isMember(from)) this.program.router.take(from, frame)
  }

  handlers(): ReturnType<Linked['handlers']> {
    return this.program.handlers()
  }

  private newProgram(known: State): Program {
    const { self, links, listener } = this.parts
    return new Program(
      {
        ...{ self, host: this.host, links, listener },
        loadCard: (modelId) => this.loadCard(modelId),
        unreachable: () => this.machine.unreachable(),
        onEvent: () => {
          this.membership.stateChanged()
          links.membersChanged()
          this.observeSoon()
        },
        onReset: () => {
          this.membership.stateChanged()
          links.membersChanged()
          this.stateReplaced()
        },
        admittedBy: this.membership.admittedBy,
        onRemoved: () => this.membership.removed(),
        onFailure: (error) => this.onStartFailed(error),
      },
      known,
    )
  }

  private onStartFailed(error: unknown): void {
    const isDisk = error instanceof MasterError && (error.code === 'disk_full' || error.code === 'disk_failed')
    if (!isDisk) return this.parts.listener.failed(error)
    this.clock.after(RESTART_DELAY_MS, () => this.open())
  }

  private open(): void {
    void this.program.open()
    this.parts.links.updateReachability()
    this.parts.links.redialAll(this.self)
  }

  private async loadCard(modelId: ModelId): Promise<CardResult> {
    const { listener, answers } = this.parts
    listener.asked(this, modelId)
    await wait(this.clock, answers.takes)
    const result = answers.of(modelId)
    // A hanging source never answers; the caller has a timeout.
    if (!result) return new Promise(() => undefined)
    listener.answered(this, modelId, result)
    return result
  }

  private commandId(): CommandId {
    return CommandId.parse(`${this.self}-${++this.commands}`)
  }

  private reportLostRecords({ sequence }: LogEnd): void {
    try {
      const records = sequence - this.stored.lastSequence()
      if (records > 0) this.parts.listener.happened({ kind: 'lost', node: this.self, records })
    } catch (error) {
      if (!(error instanceof MasterError) || error.code === 'log_damaged') this.parts.listener.failed(error)
    }
  }

  private isSilent(peer: NodeId): boolean {
    const at = this.parts.links.reachedAt(this.self, peer)
    return at !== undefined && this.clock.now() - at >= SILENT_MS
  }

  private observe(event: Observation): void {
    if (this.isActive() && !this.isLeaving) this.program.observe(event)
  }

  private leave(reason: string, then: () => void | Promise<void>): void {
    if (this.power !== 'on' || this.isLeaving) return
    this.isLeaving = true
    const departure = ++this.departures
    this.program.leave(reason).then(
      () => (this.departures === departure ? then() : undefined),
      (error: unknown) => this.parts.listener.failed(error),
    )
  }

  private fallAsleep({ clockStands }: { readonly clockStands: boolean }): void {
    this.power = 'asleep'
    this.clock.freeze({ stands: clockStands })
    this.parts.links.updateReachability()
  }

  private newRequests(): SimulatedTasks {
    return new SimulatedTasks({
      clock: this.clock,
      takenBy: this.self,
      state: () => this.state(),
      observe: (event) => this.observe(event),
      onWork: (instance, options) => this.parts.onWork(instance, options),
    })
  }

  private stateReplaced(): void {
    this.reports.clear()
    if (this.isActive()) this.requests.reportAll()
    this.observeSoon()
  }

  /** Schedules one observation after the current virtual event, however often it is called. */
  private observeSoon(): void {
    if (this.observationDue) return
    this.observationDue = true
    this.clock.after(0, () => this.observeAll())
  }

  private observeAll(): void {
    this.observationDue = false
    if (!this.isActive() || this.isLeaving) return
    this.machine.report()
    this.worker.reconcile()
    this.requests.followState()
  }
}
