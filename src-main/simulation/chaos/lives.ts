import type { NodeId } from '@core/ids'
import { insist } from '@core/simulation/chaos/invariants'

/** Invariant: at rest, every object whose creation was acknowledged exists, and none whose deletion was acknowledged. */
export class AcknowledgedLives {
  /** Acknowledged creations, with the node that decided them if known. */
  private readonly made = new Map<string, NodeId | undefined>()
  private readonly removalAsked = new Set<string>()
  private readonly removed = new Map<string, NodeId | undefined>()

  constructor(private readonly kind: string) {}

  make(id: string, by: NodeId | undefined): void {
    this.made.set(id, by)
  }

  /** Its removal was requested: from now on it may be missing. */
  askRemoval(id: string): void {
    this.removalAsked.add(id)
  }

  remove(id: string, by: NodeId | undefined): void {
    this.removed.set(id, by)
  }

  /** That node was removed from the cluster: what it alone decided is void. */
  forget(node: NodeId): void {
    for (const acknowledged of [this.made, this.removed])
      for (const [id, by] of acknowledged) if (by === node) acknowledged.delete(id)
  }

  /** Checks the objects `present` at rest. `mayEnd`: ids of objects that may end by themselves. */
  rest(present: Readonly<Record<string, unknown>>, mayEnd: ReadonlySet<string> = new Set()): void {
    for (const id of this.made.keys())
      insist(id in present || this.removalAsked.has(id) || mayEnd.has(id), () => `the ${this.kind} ${id} is lost`)
    for (const id of this.removed.keys())
      insist(!(id in present), () => `the ${this.kind} ${id} was removed and is back`)
  }
}
