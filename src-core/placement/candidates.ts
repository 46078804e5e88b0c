import type { NodeId } from '../ids'
import { EMBEDDINGS_SINCE_PROTOCOL } from '../state/nodes'
import type { Exclusion } from '../state/exclusions'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import { edgesOf } from '../state/topology'
import { inEnglish } from '../texts/english'
import { allRings, EXACT_UP_TO } from './exact-rings'
import type { Funnel } from './funnel'
import { intersection, isClique, isRing, rdmaGraph, socketGraph, type Graph } from './graph'
import { grownCliques, grownRings, type Growth } from './grown-rings'
import type { ModelCard } from './model-card'
import type { PlacementRequest } from './placement-request'
import { MAX_MESH_RANKS } from './mesh-limit'

/** A candidate group: machines in rank order. */
export type Group = readonly NodeId[]

/**
 * Returns the machines that may take a shard; every other one is recorded in the funnel under the rule that excluded
 * it.
 */
export const usableNodes = (
  state: State,
  { nodeIds, unfit = {}, taken = [], away = [] }: Pick<PlacementRequest, 'nodeIds' | 'unfit' | 'taken' | 'away'>,
  { kind }: Pick<ModelCard, 'kind'>,
  funnel: Funnel,
): NodeId[] => {
  const wanted = nodeIds && new Set<string>(nodeIds)
  return Object.values(state.members).flatMap(({ nodeId, drained }) => {
    const exclude = (exclusion: Exclusion): [] => funnel.remove(exclusion, nodeId)
    if (away.includes(nodeId)) return exclude({ rule: 'away' })
    const node = state.nodes[nodeId]
    if (!node) return exclude({ rule: 'offline' })
    if (nodeIds && wanted && !wanted.has(nodeId)) return exclude({ rule: 'nodeIds', chosen: [...nodeIds] })
    if (taken.includes(nodeId)) return exclude({ rule: 'replica' })
    if (drained) return exclude({ rule: 'drained' })
    if (!node.worker) return exclude({ rule: 'no_worker' })
    if (node.cannotRun !== undefined)
      return exclude({ rule: 'cannot_run', why: { text: node.cannotRun, coded: node.cannotRunCoded } })
    if (kind === 'embedding' && node.protocol < EMBEDDINGS_SINCE_PROTOCOL) return exclude({ rule: 'too_old' })
    const reason = unfit[nodeId]
    if (reason !== undefined) {
      const why = typeof reason === 'string' ? { text: reason } : { text: inEnglish(reason), coded: reason }
      return exclude({ rule: 'cannot_load', why })
    }
    return [nodeId]
  })
}

/**
 * Builds the graph in which a group must form a ring; with `MlxJaccl` every pair in the group must be linked as well.
 */
export const graphFor = (
  state: State,
  nodeIds: readonly NodeId[],
  { instanceMeta }: Pick<Constraints, 'instanceMeta'>,
): Graph => {
  const edges = nodeIds.length > 1 ? edgesOf(state.topology) : []
  const sockets = socketGraph(nodeIds, edges)
  switch (instanceMeta) {
    case 'MlxRing':
      return sockets
    case 'MlxJaccl':
      return intersection(sockets, rdmaGraph(nodeIds, edges))
  }
}

/**
 * Returns the candidate groups as node numbers in the graph: all of them for few machines, the most promising for many.
 */
export const candidateGroups = (
  graph: Graph,
  { instanceMeta }: Pick<Constraints, 'instanceMeta'>,
  growth: Growth,
): number[][] => {
  const exact = graph.nodeIds.length <= EXACT_UP_TO
  switch (instanceMeta) {
    case 'MlxRing':
      return exact ? allRings(graph) : grownRings(graph, growth)
    case 'MlxJaccl':
      return exact
        ? allRings(graph).filter(
            (group) => group.length > 1 && group.length <= MAX_MESH_RANKS && isClique(graph, group),
          )
        : grownCliques(graph, growth)
  }
}

/**
 * Orders all machines of a graph as a ring, in the given order if that is a ring; undefined if there is no such order.
 */
export const ringOfAll = (graph: Graph, { instanceMeta }: Pick<Constraints, 'instanceMeta'>): number[] | undefined => {
  const asGiven = graph.nodeIds.map((_nodeId, at) => at)
  if (instanceMeta === 'MlxJaccl' && !isClique(graph, asGiven)) return undefined
  if (isRing(graph, asGiven)) return asGiven
  const growth = { worth: asGiven.map(() => 1), largest: asGiven.length }
  const rings = asGiven.length <= EXACT_UP_TO ? allRings(graph) : grownRings(graph, growth)
  return rings.find((ring) => ring.length === asGiven.length)
}
