import type { NodeId } from '../ids'
import { EMBEDDINGS_SINCE_PROTOCOL } from '../state/nodes'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import { clauses, coded } from '../texts/coded'
import { edgesOf } from '../state/topology'
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
  { nodeIds, unfit = {}, taken = [] }: Pick<PlacementRequest, 'nodeIds' | 'unfit' | 'taken'>,
  { kind }: Pick<ModelCard, 'kind'>,
  funnel: Funnel,
): NodeId[] => {
  const wanted = nodeIds && new Set<string>(nodeIds)
  return Object.values(state.members).flatMap(({ nodeId, drained }) => {
    const node = state.nodes[nodeId]
    if (!node) return funnel.remove('offline', nodeId, coded('refusals.rule.offline'))
    if (wanted && !wanted.has(nodeId)) return funnel.remove('nodeIds', nodeId, coded('refusals.rule.nodeIds'))
    if (taken.includes(nodeId)) return funnel.remove('replica', nodeId, coded('refusals.rule.replica'))
    if (drained) return funnel.remove('drained', nodeId, coded('refusals.rule.drained'))
    if (!node.worker) return funnel.remove('no_worker', nodeId, coded('refusals.rule.noWorker'))
    if (node.cannotRun !== undefined)
      return funnel.remove(
        'cannot_run',
        nodeId,
        coded('refusals.rule.cannotRun', { why: clauses(node.cannotRunCoded ?? node.cannotRun) }),
      )
    if (kind === 'embedding' && node.protocol < EMBEDDINGS_SINCE_PROTOCOL)
      return funnel.remove('too_old', nodeId, coded('refusals.rule.tooOld'))
    const reason = unfit[nodeId]
    if (reason !== undefined)
      return funnel.remove('cannot_load', nodeId, coded('refusals.rule.cannotLoad', { why: clauses(reason) }))
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
