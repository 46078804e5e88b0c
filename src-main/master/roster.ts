import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

export interface RosterOptions {
  readonly self: NodeId
  /** Members that an admission named before the log could. */
  readonly admittedBy: readonly NodeId[]
}

/** Who decides together, as far as this node knows: itself, and whom its state names. */
export class Roster {
  private members: readonly NodeId[]

  constructor(
    private readonly options: RosterOptions,
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

  /** The state has changed; whether it names others, and this node, which was one of several, no more. */
  look(state: State): boolean {
    const { self, admittedBy } = this.options
    const wasMember = !this.isAlone
    const isMember = self in state.members
    this.members = this.named(state, isMember ? [] : admittedBy)
    return wasMember && !isMember && Object.keys(state.members).length > 0
  }

  /** Another cluster, whose log is yet to come. */
  replace(members: readonly NodeId[]): void {
    this.members = members
  }

  private named({ members }: State, admittedBy: readonly NodeId[]): NodeId[] {
    return [...new Set([this.options.self, ...admittedBy, ...Object.values(members).map(({ nodeId }) => nodeId)])]
  }
}
