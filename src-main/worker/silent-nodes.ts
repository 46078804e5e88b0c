import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'

/** A link takes 3 s of silence to be given up; what is silent this much longer is not coming back in time. */
const SILENT_AFTER_MS = 1500

export interface SilentNodesOptions {
  readonly self: NodeId
  /** Whether a node can be heard now. */
  readonly hears: (nodeId: NodeId) => boolean
  /** Milliseconds; never goes back. */
  readonly now?: () => number
}

/** Which nodes of ranks that work with ours cannot be heard, and since when. */
export class SilentNodes {
  private readonly lostAt = new Map<NodeId, number>()
  private readonly now: () => number

  constructor(private readonly options: SilentNodesOptions) {
    this.now = options.now ?? (() => performance.now())
  }

  /** Listens to all of them; whether any cannot be heard. */
  listen({ instances }: State): boolean {
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

  /** Those that were not heard for so long that they are given up. */
  silent(): ReadonlySet<NodeId> {
    return new Set([...this.lostAt].filter(([, at]) => this.now() - at > SILENT_AFTER_MS).map(([nodeId]) => nodeId))
  }
}
