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

  /** Updates the members from the state. Returns whether this node was removed from a cluster of several. */
  look(state: State): boolean {
    const { self, admittedBy } = this.options
    const wasMember = !this.isAlone
    const isMember = self in state.members
    this.members = this.named(state, isMember ? [] : admittedBy)
    return wasMember && !isMember && Object.keys(state.members).length > 0
  }

  /** Takes the members of another cluster, whose log has not arrived yet. */
  replace(members: readonly NodeId[]): void {
    this.members = members
  }

  private named({ members }: State, admittedBy: readonly NodeId[]): NodeId[] {
    return [...new Set([this.options.self, ...admittedBy, ...Object.values(members).map(({ nodeId }) => nodeId)])]
  }
}
