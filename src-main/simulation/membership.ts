import type { Command } from '@core/commands/command'
import type { NodeId, Timestamp } from '@core/ids'
import type { State } from '@core/state/state'
import { wait } from '@core/time/timers'
import { admissionIn, admittedAt, RemovalNotices, type RemovalNotice } from '../cluster/links/removal-notices'
import { MasterError } from '../master/index'
import type { SimulatedLinks } from './links'
import type { NodeClock } from './node-clock'
import type { NodeListener, Teller } from './node-listener'
import type { Outcome } from './outcome'
import type { Program } from './program'

/** A leader that was removed waits this long for its followers to hear so. */
const REMOVAL_DELIVERY_MS = 300
/** A disk that does not let a machine begin anew is tried again after this. */
const AGAIN_MS = 1000

export interface MembershipParts {
  readonly teller: Teller
  readonly clock: NodeClock
  readonly links: SimulatedLinks
  readonly listener: NodeListener
  readonly program: () => Program
}

/** A machine at which people let another one in. */
interface Admitting {
  readonly self: NodeId
  state(): State
  submit(command: Command, tell: (outcome: Outcome) => void): void
  peers(): readonly NodeId[]
}

/**
 * A machine's membership of the cluster, as `src-main/cluster` handles it: a machine that hears of its removal goes on
 * alone with nothing of what it had, and joins again when people let it in.
 */
export class SimulatedMembership {
  /** It was removed, has heard so, and nobody has let it in again. */
  isOutside = false
  /** The members that its admission named, kept on its disk until its log names it. */
  admittedBy: readonly NodeId[] = []
  /** When, as it was told; kept beside them. */
  private letInAt: Timestamp | undefined
  private readonly notices: RemovalNotices
  /** The life in which it goes on alone, or joins. */
  private beginning: Program | undefined

  constructor(private readonly parts: MembershipParts) {
    const { teller, links, program } = parts
    this.notices = new RemovalNotices({
      isLinked: () => links.linksOf(teller.self) > 0,
      admittedAt: () =>
        admittedAt({
          ...{ self: teller.self, state: teller.state(), memberIds: [teller.self, ...program().peers()] },
          reportedAdmission: this.letInAt,
        }),
    })
  }

  /** This process has heard of its removal, and goes on alone or does already. */
  get isBeginningAnew(): boolean {
    return this.isOutside && this.beginning === this.parts.program()
  }

  private get self(): NodeId {
    return this.parts.teller.self
  }

  /** A peer that it dialled did not answer, or answered that it was removed. */
  heardOfRemoval(peer: NodeId, notice: RemovalNotice | undefined): void {
    if (this.notices.hear(peer, notice)) this.removed()
  }

  /** It heard that it is no member any more. */
  removed(): void {
    const { listener, teller, program } = this.parts
    this.notices.clear()
    // A process that died before it could begin anew hears of it again.
    if (this.isBeginningAnew) return
    if (!this.isOutside) listener.happened({ kind: 'removed', node: teller.self })
    this.isOutside = true
    this.admittedBy = []
    this.beginning = program()
    program().removed()
    const delivery = program().leads ? REMOVAL_DELIVERY_MS : 0
    this.parts.clock.after(delivery, () => void this.beginAnew([], { keep: false }))
  }

  /** People let it in at a machine that it reaches. */
  join(via: Admitting | undefined): void {
    const { links, program } = this.parts
    if (!this.isOutside || !via || program().peers().length > 0 || !links.reaches(this.self, via.self)) return
    const member = { nodeId: this.self, certificate: '', friendlyName: this.self }
    const before = admissionIn(via.state(), this.self)
    via.submit({ type: 'AdmitMember', member, isLetIn: true }, ({ status }) => {
      if (status !== 'done' || !this.isOutside) return
      const now = admissionIn(via.state(), this.self)
      this.letInAt = now === before ? undefined : now
      this.adopt([via.self, ...via.peers()])
    })
  }

  /** It takes their log in place of its own. */
  private adopt(members: readonly NodeId[]): void {
    const { listener, teller } = this.parts
    this.isOutside = false
    this.admittedBy = members.filter((member) => member !== this.self)
    listener.happened({ kind: 'joined', node: teller.self })
    void this.beginAnew(this.admittedBy, { keep: true })
  }

  /** The admission has done its part once the log names this machine. */
  stateChanged(): void {
    if (this.admittedBy.length > 0 && this.parts.program().isNamedByLog) this.admittedBy = []
  }

  private async beginAnew(others: readonly NodeId[], options: { readonly keep: boolean }): Promise<void> {
    const { program, links, listener, clock } = this.parts
    const life = program()
    const isOver = (): boolean => program() !== life || this.isOutside === options.keep
    try {
      while (!isOver()) {
        if (await this.tryToBeginAnew(life, others, options)) return links.begin(this.self)
        await wait(clock, AGAIN_MS)
      }
    } catch (error) {
      listener.failed(error)
    }
  }

  /** False where its disk refuses. */
  private async tryToBeginAnew(
    life: Program,
    others: readonly NodeId[],
    options: { readonly keep: boolean },
  ): Promise<boolean> {
    try {
      await life.beginAnew([this.self, ...others], options)
      return true
    } catch (error) {
      if (error instanceof MasterError) return false
      throw error
    }
  }
}
