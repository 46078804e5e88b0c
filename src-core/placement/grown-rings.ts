import type { Graph } from './graph'

export interface Growth {
  /** Value of each machine to a group (usually its free bytes); the highest is added first. */
  readonly worth: readonly number[]
  /** Stop growing at this size. */
  readonly largest: number
  /** The requested minimum: the first ring that reaches this size is always a candidate. */
  readonly least?: number
}

/** Start machines tried in each order. With more machines than this, rings from further starts rarely differ. */
const MAX_STARTS = 12
/** Neighbours tried from each start: the best one may lie across a bridge, and a bridge is in no ring. */
const FIRST_NEIGHBOURS = 3

/**
 * Up to this size every size is a candidate; above it, sizes grow by `STEP`, as one machine more or less matters
 * little.
 */
const DENSE_UP_TO = 8
const STEP = 1.15

/** A ring as a linked list. Machines are tried in `order`. */
class GrowingRing {
  private readonly after: Int32Array
  size = 2

  constructor(
    private readonly graph: Graph,
    private readonly order: readonly number[],
    private readonly first: number,
    second: number,
  ) {
    this.after = new Int32Array(graph.neighbours.length).fill(-1)
    this.after[first] = second
    this.after[second] = first
  }

  has(node: number): boolean {
    return this.after[node] !== -1
  }

  nodes(): number[] {
    const nodes = [this.first]
    for (let node = this.next(this.first); node !== this.first; node = this.next(node)) nodes.push(node)
    return nodes
  }

  /** Adds one machine, or two, or those of the shortest detour. False if the ring cannot grow within `room`. */
  grow(room: number): boolean {
    return (room >= 1 && this.insertOne()) || (room >= 2 && this.insertTwo()) || (room >= 3 && this.insertDetour(room))
  }

  private next(node: number): number {
    return this.after[node] ?? this.first
  }

  private insert(between: number, ...path: readonly number[]): void {
    const end = this.next(between)
    let at = between
    for (const node of path) {
      this.after[at] = node
      at = node
    }
    this.after[at] = end
    this.size += path.length
  }

  private insertOne(): boolean {
    const { linked, neighbours } = this.graph
    for (const node of this.order) {
      if (this.has(node)) continue
      const between = (neighbours[node] ?? []).find((near) => this.has(near) && linked(node, this.next(near)))
      if (between === undefined) continue
      this.insert(between, node)
      return true
    }
    return false
  }

  /** Where no three machines are linked with one another, as in a grid, a ring grows by two at a time. */
  private insertTwo(): boolean {
    const { linked, neighbours } = this.graph
    for (const node of this.order) {
      if (this.has(node)) continue
      for (const between of neighbours[node] ?? []) {
        if (!this.has(between)) continue
        const end = this.next(between)
        const other = (neighbours[node] ?? []).find((neighbour) => !this.has(neighbour) && linked(neighbour, end))
        if (other === undefined) continue
        this.insert(between, node, other)
        return true
      }
    }
    return false
  }

  private insertDetour(room: number): boolean {
    for (const between of this.nodes()) {
      const path = this.shortestDetour(between, this.next(between))
      if (path.length === 0 || path.length > room) continue
      this.insert(between, ...path)
      return true
    }
    return false
  }

  /** Breadth-first search outside the ring: the machines between `from` and `to`; empty if there is no path. */
  private shortestDetour(from: number, to: number): number[] {
    const { neighbours } = this.graph
    const cameFrom = new Map<number, number>()
    let border = [from]
    while (border.length > 0) {
      const further: number[] = []
      for (const node of border) {
        for (const near of neighbours[node] ?? []) {
          if (near === to && node !== from) return backFrom(node, from, cameFrom)
          if (this.has(near) || cameFrom.has(near)) continue
          cameFrom.set(near, node)
          further.push(near)
        }
      }
      border = further
    }
    return []
  }
}

const backFrom = (end: number, from: number, cameFrom: ReadonlyMap<number, number>): number[] => {
  const path: number[] = []
  for (let node = end; node !== from; node = cameFrom.get(node) ?? from) path.push(node)
  return path.reverse()
}

/**
 * Returns rings of many sizes in a graph of any size: single machines, the best pair of each machine, and rings grown
 * from pairs. One pass adds the machines of highest worth first; a second those with the fewest links, which finds
 * rings that span the whole graph. Polynomial; it may miss the best ring.
 */
export const grownRings = (graph: Graph, { worth, largest, least = 1 }: Growth): number[][] => {
  const nodes = graph.neighbours.map((_near, node) => node)
  const worthOf = (node: number): number => worth[node] ?? 0
  const linksOf = (node: number): number => graph.neighbours[node]?.length ?? 0
  const byWorth = [...nodes].sort((a, b) => worthOf(b) - worthOf(a) || a - b)
  const byLinks = [...nodes].sort((a, b) => linksOf(a) - linksOf(b) || worthOf(b) - worthOf(a) || a - b)
  const partners = (node: number): number[] =>
    [...(graph.neighbours[node] ?? [])].sort((a, b) => worthOf(b) - worthOf(a) || a - b).slice(0, FIRST_NEIGHBOURS)
  const rings = nodes.map((node) => [node])
  if (largest < 2) return rings
  for (const node of nodes) {
    const [first, ...others] = graph.neighbours[node] ?? []
    if (first === undefined) continue
    rings.push([node, others.reduce((best, other) => (worthOf(other) > worthOf(best) ? other : best), first)])
  }
  for (const order of [byWorth, byLinks]) {
    const reached = new Set<number>()
    let starts = 0
    for (const node of order) {
      if (reached.has(node) || linksOf(node) < 2) continue
      if (++starts > MAX_STARTS) break
      for (const partner of partners(node)) {
        const ring = new GrowingRing(graph, order, node, partner)
        let noted = 2
        while (ring.size < largest && ring.grow(largest - ring.size)) {
          const asked = noted < least && ring.size >= least
          if (ring.size < STEP * noted && ring.size > DENSE_UP_TO && !asked) continue
          noted = ring.size
          rings.push(ring.nodes())
        }
        if (noted < ring.size) rings.push(ring.nodes())
        if (ring.size === 2) continue
        for (const member of ring.nodes()) reached.add(member)
        break
      }
    }
  }
  return rings
}

/** Returns cliques grown from each machine, adding neighbours of highest worth first. */
export const grownCliques = (graph: Graph, { worth, largest }: Growth): number[][] => {
  const cliques: number[][] = []
  for (const [node, neighbours] of graph.neighbours.entries()) {
    const clique = [node]
    for (const near of [...neighbours].sort((a, b) => (worth[b] ?? 0) - (worth[a] ?? 0) || a - b)) {
      if (clique.length >= largest) break
      if (!clique.every((member) => graph.linked(member, near))) continue
      clique.push(near)
      cliques.push([...clique])
    }
  }
  return cliques
}
