import type { NodeId } from '@core/ids'
import { insist } from '@core/simulation/chaos/invariants'

/** Of what people make and take away, by id: what they were told was made is there at rest, what was taken away is not. */
export class AcknowledgedLives {
  /** With the node that decided so, where it is known. */
  private readonly made = new Map<string, NodeId | undefined>()
  private readonly removalAsked = new Set<string>()
  private readonly removed = new Map<string, NodeId | undefined>()

  constructor(private readonly kind: string) {}

  make(id: string, by: NodeId | undefined): void {
    this.made.set(id, by)
  }

  /** Somebody asks for its removal: from now on it may be gone. */
  askRemoval(id: string): void {
    this.removalAsked.add(id)
  }

  remove(id: string, by: NodeId | undefined): void {
    this.removed.set(id, by)
  }

  /** That node was removed from the cluster: what only it had decided is void. */
  forget(node: NodeId): void {
    for (const acknowledged of [this.made, this.removed])
      for (const [id, by] of acknowledged) if (by === node) acknowledged.delete(id)
  }

  /** `mayEnd`: those that may end by themselves. */
  rest(present: Readonly<Record<string, unknown>>, mayEnd: ReadonlySet<string> = new Set()): void {
    for (const id of this.made.keys())
      insist(id in present || this.removalAsked.has(id) || mayEnd.has(id), () => `the ${this.kind} ${id} is lost`)
    for (const id of this.removed.keys())
      insist(!(id in present), () => `the ${this.kind} ${id} was removed and is back`)
  }
}
