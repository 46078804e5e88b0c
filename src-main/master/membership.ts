import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

export interface MembershipOptions {
  readonly self: NodeId
  /** Members named in this node's admission, used until the log names this node. */
  readonly admittedBy: readonly NodeId[]
}

/** The members that take part in elections, as this node sees them: itself, those in its state, and those vouched for. */
export class Membership {
  private members: readonly NodeId[]
  /** A leader that a known member follows, although this node's state does not name it. */
  private vouched: NodeId | undefined
  /** Whether the state has a tombstone for this node, and names other members. */
  isRemoved = false

  constructor(
    private readonly options: MembershipOptions,
    state: State,
  ) {
    this.members = this.membersOf(state, options.admittedBy)
  }

  get all(): readonly NodeId[] {
    return this.members
  }

  get isAlone(): boolean {
    return this.members.length === 1
  }

  /**
   * Updates the members from the state. Returns whether this node was removed from a cluster that has other members.
   *
   * @param isLeaders whether the state comes from the leader that this node follows
   * @param follows the leader that this node follows: it stays a member although the state says that it was removed,
   * because its last records, with the removal, are still to come
   */
  update(
    state: State,
    { isLeaders, follows }: { readonly isLeaders: boolean; readonly follows?: NodeId | undefined },
  ): boolean {
    const { self, admittedBy } = this.options
    const wasMember = !this.isAlone
    const isMember = self in state.members
    this.isRemoved = !isMember && self in (state.retired ?? {}) && Object.keys(state.members).length > 0
    // A leader's state is authoritative and ends a voucher.
    if (isLeaders) this.vouched = undefined
    this.members = this.membersOf(state, [...(isMember ? [] : admittedBy), ...(follows === undefined ? [] : [follows])])
    return wasMember && !isMember && Object.keys(state.members).length > 0
  }

  /** Treats a leader as a member until a leader's state says whether it is one. */
  vouch(leader: NodeId): void {
    this.vouched = leader
    this.members = [...new Set([...this.members, leader])]
  }

  /** This node leads: ends the voucher. */
  endVoucher(): void {
    this.vouched = undefined
  }

  /** Sets the members of another cluster, whose log has not arrived yet. */
  replace(members: readonly NodeId[]): void {
    this.members = members
    this.vouched = undefined
    this.isRemoved = false
  }

  private membersOf({ members }: State, admittedBy: readonly NodeId[]): NodeId[] {
    const known = Object.values(members).map(({ nodeId }) => nodeId)
    return [...new Set([this.options.self, ...admittedBy, ...known, ...(this.vouched ? [this.vouched] : [])])]
  }
}
