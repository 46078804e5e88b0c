import type { NodeId } from '../ids'
import { mirroredRdmaEdges } from '../rdma/index'
import { carriesRing, type Edge } from '../state/topology'

/** An undirected graph of machines: two are linked if each reaches the other. */
export interface Graph {
  readonly nodeIds: readonly NodeId[]
  /** Neighbours of each machine, as ascending numbers. */
  readonly neighbours: readonly (readonly number[])[]
  linked(a: number, b: number): boolean
}

/** Builds the graph of the edges that `counts` accepts, among `nodeIds`. Time and memory: edges + nodes². */
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

/** Links over TCP, as a ring needs them. */
export const socketGraph = (nodeIds: readonly NodeId[], edges: readonly Edge[]): Graph =>
  graphOf(nodeIds, edges, carriesRing)

/** Links by RDMA, over cables that both ends report. */
export const rdmaGraph = (nodeIds: readonly NodeId[], edges: readonly Edge[]): Graph =>
  graphOf(nodeIds, mirroredRdmaEdges(edges), () => true)

/** Keeps the links that are in both graphs. */
export const intersection = ({ nodeIds, neighbours, linked }: Graph, other: Graph): Graph => ({
  nodeIds,
  neighbours: neighbours.map((near, a) => near.filter((b) => other.linked(a, b))),
  linked: (a, b) => linked(a, b) && other.linked(a, b),
})

/** Whether a machine has a single link. */
export const isLeaf = ({ neighbours }: Graph, node: number): boolean => neighbours[node]?.length === 1

/** Whether consecutive machines are linked, and the last with the first. A single machine counts as a ring. */
export const isRing = ({ linked }: Graph, order: readonly number[]): boolean =>
  order.length === 1 || order.every((node, at) => linked(node, order[(at + 1) % order.length] ?? node))

/** Whether every pair is linked. */
export const isClique = ({ linked }: Graph, nodes: readonly number[]): boolean =>
  nodes.every((a, at) => nodes.slice(at + 1).every((b) => linked(a, b)))
