import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

/** Time after link loss until a node counts as silent; a link itself counts as lost after two seconds without an answer. */
const SILENT_AFTER_MS = 1500

export interface SilentNodesOptions {
  readonly self: NodeId
  /** Whether a node is reachable now. */
  readonly hears: (nodeId: NodeId) => boolean
  /** Milliseconds; never decreases. */
  readonly now?: () => number
}

/** Tracks which nodes that share an instance with this one are unreachable, and since when. */
export class SilentNodes {
  private readonly lostAt = new Map<NodeId, number>()
  private readonly now: () => number

  constructor(private readonly options: SilentNodesOptions) {
    this.now = options.now ?? (() => performance.now())
  }

  /** Checks all of them. Returns whether any is unreachable. */
  check({ instances }: State): boolean {
    const { self, hears } = this.options
    const others = new Set(
      Object.values(instances)
        .filter(({ shards }) => shards.some(({ nodeId }) => nodeId === self))
        .flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId)),
    )
    others.delete(self)
    for (const other of [...this.lostAt.keys()]) if (!others.has(other) || hears(other)) this.lostAt.delete(other)
    for (const other of others) if (!hears(other) && !this.lostAt.has(other)) this.lostAt.set(other, this.now())
    return this.lostAt.size > 0
  }

  /** Nodes that have been unreachable too long. */
  silent(): ReadonlySet<NodeId> {
    return new Set([...this.lostAt].filter(([, at]) => this.now() - at > SILENT_AFTER_MS).map(([nodeId]) => nodeId))
  }
}
