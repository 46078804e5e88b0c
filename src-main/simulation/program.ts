import type { Command } from '@core/commands/command'
import type { LogEnd } from '@core/consensus/index'
import type { Observation } from '@core/events/event'
import { Folding } from '@core/fold/index'
import type { CommandId, ModelId, NodeId } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import { FrameRouter, MemberNetwork, ownHandlers } from '../cluster/link-layer'
import { type Host, type Leadership, Master, MasterError } from '../master/index'
import { journalOf } from './journal'
import type { SimulatedLinks } from './links'
import type { NodeListener, ObservedNode } from './node-listener'
import type { Outcome } from './outcome'

/** Small, so that compaction and snapshots for followers occur within a scenario. */
const SNAPSHOT_EVERY = 15

/** Where every simulated machine keeps its data. */
export const DATA_DIR = '/data'

export interface ProgramParts {
  readonly self: NodeId
  readonly host: Host
  readonly links: SimulatedLinks
  readonly listener: NodeListener
  readonly loadCard: (modelId: ModelId) => Promise<CardResult>
  /** Members named at its admission, until its log contains the admission. */
  readonly admittedBy: readonly NodeId[]
  /** Peers that answer no probe. */
  readonly unreachable: () => readonly NodeId[]
  readonly onEvent: () => void
  /** Called when the state was replaced, by that of the disk or of another master. */
  readonly onReset: () => void
  /** Called when it learns that it is no longer a member. */
  readonly onRemoved: () => void
  /** Called when it could not start. */
  readonly onFailure: (error: unknown) => void
}

/** One process of the product on a simulated machine: the deciding code and its networking as shipped. */
export class Program implements ObservedNode {
  readonly self: NodeId
  readonly router: FrameRouter
  leadership: Leadership = { kind: 'nobody' }
  private master: Master | undefined
  private last: State
  private readonly network: MemberNetwork
  /** On a leader, folds the same events as the product, to know the state before and after each. */
  private folding: Folding
  private over = false

  constructor(
    private readonly parts: ProgramParts,
    /** The state that its disk held last. */
    known: State,
  ) {
    const { self, host, links, listener } = parts
    this.self = self
    this.last = known
    this.folding = new Folding(known)
    const own = links.of(self, (...stream) => this.router.relaying.relaysFor(...stream))
    this.router = new FrameRouter({
      self,
      monotonic: () => host.timers.monotonic(),
      links: () => own,
      isMember: (peer) => this.isMember(peer),
      deciding: {
        connected: (...peer) => this.master?.connected(...peer),
        disconnected: (peer) => this.master?.disconnected(peer),
        refused: (peer) => this.master?.refused(peer),
        received: (...message) => this.master?.received(...message),
        observedBy: (...observed) => this.master?.observedBy(...observed),
      },
    })
    this.network = new MemberNetwork({
      links: own,
      relaying: this.router.relaying,
      monotonic: () => host.timers.monotonic(),
      log: journalOf(this, listener),
    })
  }

  /** Handlers of the streams that members may open. */
  handlers(): ReturnType<typeof ownHandlers> {
    const { master } = this
    const own = master ? ownHandlers(master, () => Promise.reject(new Error('nothing is measured here'))) : []
    return new Map([...own, ...this.router.relaying.handlers])
  }

  async open(): Promise<void> {
    const { self, host, links, listener, loadCard, admittedBy, unreachable, onRemoved, onFailure } = this.parts
    const { network } = this
    try {
      const master = await Master.open({
        dataDir: DATA_DIR,
        nodeId: self,
        host,
        loadCard,
        log: journalOf(this, listener),
        network: {
          send: (...message) => network.send(...message),
          sendSnapshot: (...snapshot) => network.sendSnapshot(...snapshot),
          observe: (...observed) => network.observe(...observed),
          submit: (...command) => network.submit(...command),
          watch: (...watched) => network.watch(...watched),
          heard: () => network.heard(),
          unreachable,
          reconnect: () => links.redialAll(self),
          processPaused: () => links.redialAll(self),
        },
        onLeadership: (leadership) => {
          this.leadership = leadership
          listener.leadership(this, leadership)
        },
        onPassed: () => listener.passed(this),
        onRemoved,
        admittedBy,
        snapshotEvery: SNAPSHOT_EVERY,
      })
      if (this.over) return
      this.master = master
      this.subscribe(master)
    } catch (error) {
      onFailure(error)
    }
  }

  /** Whether it has read its log and takes commands. */
  get isOpen(): boolean {
    return this.master !== undefined
  }

  state(): State {
    return this.master?.state() ?? this.last
  }

  get logEnd(): LogEnd | undefined {
    return this.master?.logEnd
  }

  get leads(): boolean {
    return this.leadership.kind === 'self' && this.master?.status().role === 'master'
  }

  get isNamedByLog(): boolean {
    return this.master?.isNamedByLog ?? false
  }

  inputs(): ReturnType<Master['inputs']> {
    return this.master?.inputs()
  }

  /** False until it has read its log. */
  isMember(peer: NodeId): boolean {
    return this.master?.memberIds().includes(peer) ?? false
  }

  peers(): readonly NodeId[] {
    return this.master?.memberIds().filter((peer) => peer !== this.self) ?? []
  }

  observe(event: Observation): void {
    this.master?.observe(event)
  }

  submit(command: Command, commandId: CommandId, onOutcome: (outcome: Outcome) => void): void {
    const undecided = (reason: string): void => onOutcome({ status: 'undecided', reason })
    if (!this.master) return undecided('it is starting')
    this.master.submit(command, { commandId }).then(onOutcome, (error: unknown) => {
      if (error instanceof MasterError) undecided(error.code)
      else this.parts.listener.failed(error)
    })
  }

  /** Starts over as one of these members, without its data; with `keep`, its declarations are merged. */
  async startOver(members: readonly NodeId[], options: { readonly keep: boolean }): Promise<void> {
    await this.master?.startOver(members, options)
  }

  removed(): void {
    this.master?.removed()
  }

  leave(reason: string): Promise<void> {
    return this.master?.leave(reason) ?? Promise.resolve()
  }

  close(): Promise<void> {
    return this.master?.close() ?? Promise.resolve()
  }

  comeBackFromSleep(): void {
    this.master?.comeBackFromSleep()
  }

  /** Process death: whatever still runs of it has no effect. */
  end(): void {
    this.last = this.state()
    this.master = undefined
    this.over = true
    this.leadership = { kind: 'nobody' }
  }

  private subscribe(master: Master): void {
    const { listener, onEvent, onReset } = this.parts
    this.folding = new Folding(master.state())
    master.subscribe(
      (envelope) => {
        // A new leader first replaces its state, which resets the folding.
        if (this.leadership.kind === 'self') {
          const before = this.folding.state
          const after = this.folding.fold(envelope).state
          if (this.leads) listener.event(this, envelope, { before, after })
        }
        onEvent()
      },
      () => {
        this.folding = new Folding(master.state())
        onReset()
      },
    )
    onReset()
  }
}
