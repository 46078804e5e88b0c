import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

export interface MembershipOptions {
  readonly self: NodeId
  /** Members that an admission named before the log could. */
  readonly admittedBy: readonly NodeId[]
}

/** The voting members as this node sees them: itself and those in its state. */
export class Membership {
  private members: readonly NodeId[]
  /** A leader that a member follows, and that the log does not name yet. */
  private vouched: NodeId | undefined
  /** The state says that this node was removed, and that others are members. */
  isRemoved = false

  constructor(
    private readonly options: MembershipOptions,
    state: State,
  ) {
    this.members = this.named(state, options.admittedBy)
  }

  get all(): readonly NodeId[] {
    return this.members
  }

  get isAlone(): boolean {
    return this.members.length === 1
  }

  /**
   * Updates the members from the state; `isLeaders` where it is that of the leader that this node has found. A leader that this node `follows`
   * stays one although it was removed: its last records, with that removal, are still to come. Returns whether this node
   * was removed from a cluster of several.
   */
  look(
    state: State,
    { isLeaders, follows }: { readonly isLeaders: boolean; readonly follows?: NodeId | undefined },
  ): boolean {
    const { self, admittedBy } = this.options
    const wasMember = !this.isAlone
    const isMember = self in state.members
    this.isRemoved = !isMember && self in (state.retired ?? {}) && Object.keys(state.members).length > 0
    // Whoever leads says who is a member: the one vouched for, or another that was found meanwhile.
    if (isLeaders) this.vouched = undefined
    this.members = this.named(state, [...(isMember ? [] : admittedBy), ...(follows === undefined ? [] : [follows])])
    return wasMember && !isMember && Object.keys(state.members).length > 0
  }

  /** Takes a leader for a member, until the state of who leads tells. */
  vouch(leader: NodeId): void {
    this.vouched = leader
    this.members = [...new Set([...this.members, leader])]
  }

  /** This node leads: whoever was vouched for before is not there. */
  lead(): void {
    this.vouched = undefined
  }

  /** Takes the members of another cluster, whose log has not arrived yet. */
  replace(members: readonly NodeId[]): void {
    this.members = members
    this.vouched = undefined
    this.isRemoved = false
  }

  private named({ members }: State, admittedBy: readonly NodeId[]): NodeId[] {
    const known = Object.values(members).map(({ nodeId }) => nodeId)
    return [...new Set([this.options.self, ...admittedBy, ...known, ...(this.vouched ? [this.vouched] : [])])]
  }
}
