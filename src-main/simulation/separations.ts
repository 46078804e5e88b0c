import type { NodeId } from '@core/ids'

/** What separates nodes in the simulated network: isolated nodes, cut connections between two, and partitions. */
export class Separations {
  private groups: ReadonlyMap<NodeId, number> = new Map()
  private readonly isolated = new Set<NodeId>()
  private readonly cuts = new Set<string>()

  /** `onChange` is called after each change. */
  constructor(private readonly onChange: () => void) {}

  /** Whether no bytes pass between these two, whatever the machines do. */
  areSeparated(a: NodeId, b: NodeId): boolean {
    const isIsolated = this.isolated.has(a) || this.isolated.has(b)
    return isIsolated || this.cuts.has(pairKey(a, b)) || this.groups.get(a) !== this.groups.get(b)
  }

  /** Nodes of different groups cannot reach one another; nodes in no group form one of their own. */
  partition(groups: readonly (readonly NodeId[])[]): void {
    this.groups = new Map(groups.flatMap((group, at) => group.map((nodeId) => [nodeId, at] as const)))
    this.onChange()
  }

  /** Ends partitions and cuts; isolated nodes stay isolated. */
  heal(): void {
    this.groups = new Map()
    this.cuts.clear()
    this.onChange()
  }

  /** Cuts the connection between these two only. */
  cut(a: NodeId, b: NodeId): void {
    this.cuts.add(pairKey(a, b))
    this.onChange()
  }

  mend(a: NodeId, b: NodeId): void {
    this.cuts.delete(pairKey(a, b))
    this.onChange()
  }

  isolate(nodeId: NodeId): void {
    this.isolated.add(nodeId)
    this.onChange()
  }

  rejoin(nodeId: NodeId): void {
    this.isolated.delete(nodeId)
    this.onChange()
  }
}

/** Names the connection between two nodes, whichever of them is given first. */
export const pairKey = (a: NodeId, b: NodeId): string => (a < b ? `${a}|${b}` : `${b}|${a}`)
