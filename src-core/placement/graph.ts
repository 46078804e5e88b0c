import type { NodeId } from '../ids'
import { mirroredRdmaEdges } from '../rdma/edges'
import { carriesRing, type Edge } from '../state/topology'

/** Machines by number, and which of them reach one another both ways. */
export interface Graph {
  readonly nodeIds: readonly NodeId[]
  /** For each machine the numbers of those it is linked with, ascending. */
  readonly neighbours: readonly (readonly number[])[]
  linked(a: number, b: number): boolean
}

/** The graph of the edges that count, among `nodeIds`. Time and memory: edges + nodes². */
const graphOf = (nodeIds: readonly NodeId[], edges: readonly Edge[], counts: (edge: Edge) => boolean): Graph => {
  const size = nodeIds.length
  const numberOf = new Map<string, number>(nodeIds.map((nodeId, at) => [nodeId, at]))
  const reaches = new Uint8Array(size * size)
  for (const edge of edges) {
    const from = numberOf.get(edge.from)
    const to = numberOf.get(edge.to)
    if (from !== undefined && to !== undefined && counts(edge)) reaches[from * size + to] = 1
  }
  const linked = (a: number, b: number): boolean => reaches[a * size + b] === 1 && reaches[b * size + a] === 1
  const neighbours = nodeIds.map((_nodeId, a) => {
    const found: number[] = []
    for (let b = 0; b < size; b += 1) if (a !== b && linked(a, b)) found.push(b)
    return found
  })
  return { nodeIds, neighbours, linked }
}

/** Who reaches whom over TCP, as a ring does. */
export const socketGraph = (nodeIds: readonly NodeId[], edges: readonly Edge[]): Graph =>
  graphOf(nodeIds, edges, carriesRing)

/** Who reaches whom by RDMA, over a cable of which both ends say so. */
export const rdmaGraph = (nodeIds: readonly NodeId[], edges: readonly Edge[]): Graph =>
  graphOf(nodeIds, mirroredRdmaEdges(edges), () => true)

/** The links that both graphs have. */
export const common = ({ nodeIds, neighbours, linked }: Graph, other: Graph): Graph => ({
  nodeIds,
  neighbours: neighbours.map((near, a) => near.filter((b) => other.linked(a, b))),
  linked: (a, b) => linked(a, b) && other.linked(a, b),
})

/** Whether a machine has a single link: one at the end of a cable. */
export const isLeaf = ({ neighbours }: Graph, node: number): boolean => neighbours[node]?.length === 1

/** Whether consecutive machines are linked, and the last with the first. One machine alone is a ring. */
export const isRing = ({ linked }: Graph, order: readonly number[]): boolean =>
  order.length === 1 || order.every((node, at) => linked(node, order[(at + 1) % order.length] ?? node))

/** Whether every two are linked. */
export const isClique = ({ linked }: Graph, nodes: readonly number[]): boolean =>
  nodes.every((a, at) => nodes.slice(at + 1).every((b) => linked(a, b)))
