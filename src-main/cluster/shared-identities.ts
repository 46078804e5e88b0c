import type { NodeId } from '@core/ids'

/** How long a sign holds. As long as both machines run, the one that is turned away calls again every second. */
const HOLDS_MS = 15_000

/**
 * Members with whose identity two running machines have been seen: a peer's, or this machine's own. Each sign holds for a
 * while only, so that the mark goes once one of the two has another identity or has ended.
 */
export class SharedIdentities {
  private readonly seen = new Map<NodeId, NodeJS.Timeout>()

  /** `onChange`: an identity is shared now, or is no longer. */
  constructor(private readonly onChange: (nodeId: NodeId, options: { readonly isShared: boolean }) => void) {}

  has(nodeId: NodeId): boolean {
    return this.seen.has(nodeId)
  }

  /** Two running machines have shown this identity just now. */
  note(nodeId: NodeId): void {
    const isKnown = this.seen.has(nodeId)
    clearTimeout(this.seen.get(nodeId))
    const timer = setTimeout(() => {
      this.seen.delete(nodeId)
      this.onChange(nodeId, { isShared: false })
    }, HOLDS_MS)
    this.seen.set(nodeId, timer.unref())
    if (!isKnown) this.onChange(nodeId, { isShared: true })
  }

  close(): void {
    for (const timer of this.seen.values()) clearTimeout(timer)
    this.seen.clear()
  }
}
