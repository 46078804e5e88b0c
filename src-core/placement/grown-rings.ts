import type { Graph } from './graph'

export interface Growth {
  /** How good each machine is to have; the best is taken first. */
  readonly worth: readonly number[]
  /** Rings need not be larger. */
  readonly largest: number
  /** The least number of machines that was asked for: the first ring of that size is looked at in any case. */
  readonly least?: number
}

/** Rings looked at from so many beginnings; more machines than that are rarely apart from one another. */
const MOST_BEGINNINGS = 12
/** Neighbours tried with each beginning: the best one may lie across a bridge, which is in no ring. */
const FIRST_NEIGHBOURS = 3

/** Every size up to this one is looked at; above, sizes this much apart: one machine more or less matters little there. */
const DENSE_UP_TO = 8
const STEP = 1.15

/** A ring as a linked list, with the order in which machines are tried. */
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

  /** Takes one more machine in, or two, or as many as the shortest way round needs. False where the ring cannot grow. */
  grow(room: number): boolean {
    return (room >= 1 && this.takeOne()) || (room >= 2 && this.takeTwo()) || (room >= 3 && this.takeDetour(room))
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

  private takeOne(): boolean {
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
  private takeTwo(): boolean {
    const { linked, neighbours } = this.graph
    for (const node of this.order) {
      if (this.has(node)) continue
      for (const between of neighbours[node] ?? []) {
        if (!this.has(between)) continue
        const end = this.next(between)
        const other = (neighbours[node] ?? []).find((far) => !this.has(far) && linked(far, end))
        if (other === undefined) continue
        this.insert(between, node, other)
        return true
      }
    }
    return false
  }

  private takeDetour(room: number): boolean {
    for (const between of this.nodes()) {
      const path = this.shortestDetour(between, this.next(between))
      if (path.length === 0 || path.length > room) continue
      this.insert(between, ...path)
      return true
    }
    return false
  }

  /** The machines of the shortest way from one to the other outside the ring; none where there is no way. */
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
 * Rings of many sizes in a graph of any size: singles, the best pair of each machine, and what grows from pairs. The
 * worthiest machines are taken in first; then, for rings that reach everywhere, those with the fewest links.
 * Polynomial; it may miss the best ring.
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
    let beginnings = 0
    for (const node of order) {
      if (reached.has(node) || linksOf(node) < 2) continue
      if (++beginnings > MOST_BEGINNINGS) break
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

/** Sets in which every two are linked, grown from each machine with its worthiest neighbours first. */
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
