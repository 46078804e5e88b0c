import type { Command } from '@core/commands/command'
import type { NodeId, Timestamp } from '@core/ids'
import type { State } from '@core/state/state'
import { wait } from '@core/time/timers'
import { admissionIn, admittedAt, type RemovalNotice, RemovalNotices } from '../cluster/link-layer'
import { MasterError } from '../master/index'
import type { SimulatedLinks } from './links'
import type { NodeClock } from './node-clock'
import type { NodeListener, ObservedNode } from './node-listener'
import type { Outcome } from './outcome'
import type { Program } from './program'

/** How long a removed leader waits until its followers know of the removal. */
const REMOVAL_DELIVERY_MS = 300
/** Delay before another try after a disk error. */
const RETRY_MS = 1000

export interface MembershipParts {
  readonly node: ObservedNode
  readonly clock: NodeClock
  readonly links: SimulatedLinks
  readonly listener: NodeListener
  readonly program: () => Program
}

/** A member that admits another machine. */
interface Admitting {
  readonly self: NodeId
  state(): State
  submit(command: Command, onOutcome: (outcome: Outcome) => void): void
  peers(): readonly NodeId[]
}

/**
 * A machine's membership in the cluster, as `src-main/cluster` handles it: a machine that learns of its removal continues
 * alone without its data, and joins again when it is admitted.
 */
export class SimulatedMembership {
  /** Whether it was removed, knows it, and was not admitted again. */
  isOutside = false
  /** The members named at its admission, kept until its log contains the admission. */
  admittedBy: readonly NodeId[] = []
  /** Time of that admission by the leader's clock, as the admitting member reported it. */
  private reportedAdmission: Timestamp | undefined
  private readonly notices: RemovalNotices
  /** The process in which it continues alone. */
  private startingOver: Program | undefined

  constructor(private readonly parts: MembershipParts) {
    const { node, links, program } = parts
    this.notices = new RemovalNotices({
      isLinked: () => links.linksOf(node.self) > 0,
      admittedAt: () =>
        admittedAt({
          ...{ self: node.self, state: node.state(), memberIds: [node.self, ...program().peers()] },
          reportedAdmission: this.reportedAdmission,
        }),
    })
  }

  /** Whether this process knows of its removal and continues alone. */
  get isStartingOver(): boolean {
    return this.isOutside && this.startingOver === this.parts.program()
  }

  private get self(): NodeId {
    return this.parts.node.self
  }

  /** A dialled peer did not answer, or answered with a notice of removal. */
  heardOfRemoval(peer: NodeId, notice: RemovalNotice | undefined): void {
    if (this.notices.hear(peer, notice)) this.removed()
  }

  /** It learned that it is no longer a member. */
  removed(): void {
    const { listener, node, program } = this.parts
    this.notices.clear()
    // Repeated only for another process: one that died before it had discarded its data.
    if (this.isStartingOver) return
    if (!this.isOutside) listener.happened({ kind: 'removed', node: node.self })
    this.isOutside = true
    this.admittedBy = []
    this.startingOver = program()
    program().removed()
    const delivery = program().leads ? REMOVAL_DELIVERY_MS : 0
    this.parts.clock.after(delivery, () => void this.startOver([], { keep: false }))
  }

  /** Joins the cluster of `via`, if reachable. */
  join(via: Admitting | undefined): void {
    const { links, program } = this.parts
    if (!this.isOutside || !via || program().peers().length > 0 || !links.reaches(this.self, via.self)) return
    const member = { nodeId: this.self, certificate: '', friendlyName: this.self }
    const before = admissionIn(via.state(), this.self)
    via.submit({ type: 'AdmitMember', member, isLetIn: true }, ({ status }) => {
      if (status !== 'done' || !this.isOutside) return
      const now = admissionIn(via.state(), this.self)
      this.reportedAdmission = now === before ? undefined : now
      this.adopt([via.self, ...via.peers()])
    })
  }

  /** Replaces its log by that of these members. */
  private adopt(members: readonly NodeId[]): void {
    const { listener, node } = this.parts
    this.isOutside = false
    this.admittedBy = members.filter((member) => member !== this.self)
    listener.happened({ kind: 'joined', node: node.self })
    void this.startOver(this.admittedBy, { keep: true })
  }

  /** Discards the admission once the log contains it. */
  stateChanged(): void {
    if (this.admittedBy.length > 0 && this.parts.program().isNamedByLog) this.admittedBy = []
  }

  private async startOver(others: readonly NodeId[], options: { readonly keep: boolean }): Promise<void> {
    const { program, links, listener, clock } = this.parts
    const life = program()
    const isOver = (): boolean => program() !== life || this.isOutside === options.keep
    try {
      while (!isOver()) {
        if (await this.tryToStartOver(life, others, options)) return links.redialAll(this.self)
        await wait(clock, RETRY_MS)
      }
    } catch (error) {
      listener.failed(error)
    }
  }

  /** Resolves with false on a disk error. */
  private async tryToStartOver(
    life: Program,
    others: readonly NodeId[],
    options: { readonly keep: boolean },
  ): Promise<boolean> {
    try {
      await life.startOver([this.self, ...others], options)
      return true
    } catch (error) {
      if (error instanceof MasterError) return false
      throw error
    }
  }
}
