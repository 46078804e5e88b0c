import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import { leastNodes } from '../state/least-nodes'
import type { PlacementErrorCode, PlacementRefusal } from './placement-refusal'
import type { State } from '../state/state'
import { coded, type CodedText } from '../texts/coded'
import { ringOfAll, usableNodes } from './candidates'
import { chooseConnections } from './connections'
import { Funnel } from './funnel'
import { isLeaf, type Graph } from './graph'
import { draftBytes, neededBytes, SPARE_SHARE } from './memory'
import { meshProblem, maxRanks } from './mesh-limit'
import type { ModelCard } from './model-card'
import type { PlacementRequest } from './placement-request'
import { comparisonFor, type Choice } from './preference'
import {
  adapterProblem,
  cannotLoad,
  draftProblem,
  embeddingProblem,
  noRdma,
  shardingProblem,
  tooLittleMemory,
} from './refusal'
import { assignShards, shardBytes, type ShardPlan } from './shards'
import { PlacementSpace, type Region } from './space'

/*
 * Placement: which machines hold an instance, in rank order. A pure function of the state, the model's card and the
 * request; it returns shards, claims (bytes by node) and connections, or a refusal with its funnel.
 *
 * Pipeline: `usableNodes` filters machines, `PlacementSpace` builds the graph of their live links and its candidate
 * groups, `Search` assigns layers and memory to each, `comparisonFor` ranks those that fit.
 *
 * 1. Every layer is assigned once, no rank gets more than its machine has free, and only live links are used.
 * 2. For up to `EXACT_UP_TO` machines every set that forms a ring is considered, in one rank order; beyond that,
 *    polynomial heuristics choose the candidates.
 * 3. The same state gives the same placement.
 * 4. The requested backend is never replaced by another one.
 *
 * 1 to 3 are property tests in `groups.test.ts`, which compare with brute force; 4 is in `place.test.ts`.
 */

/** Where the ranks go, the bytes promised on each node, and the connections between ranks. */
export interface Placement extends Pick<Instance, 'ring' | 'jaccl'> {
  readonly shards: readonly ShardPlan[]
  /** Bytes by node. */
  readonly claims: Readonly<Record<string, number>>
}

export type PlacementResult =
  | { readonly status: 'placed'; readonly placement: Placement }
  | { readonly status: 'refused'; readonly error: PlacementRefusal }

const refused = (error: PlacementRefusal): PlacementResult => ({ status: 'refused', error })

/** Numbers of a graph's machines, in rank order. */
type Order = readonly number[]

/** One search for one model: computes what each group would hold. */
class Search {
  /** Bytes on each machine that `auto` avoids promising. */
  private readonly spare: readonly number[]
  private readonly layerBytes: number
  /** Bytes that rank 0 holds in addition. */
  private readonly draftBytes: number
  /** Layers that fit on each machine. */
  private readonly layersFor: readonly number[]

  constructor(
    private readonly card: ModelCard,
    private readonly request: PlacementRequest,
    readonly graph: Graph,
    /** Bytes that can be promised, by machine number. */
    readonly free: readonly number[],
    state: State,
  ) {
    this.spare = graph.nodeIds.map((nodeId) => SPARE_SHARE * (state.nodes[nodeId]?.memory.ramTotal ?? 0))
    this.draftBytes = draftBytes(card, request)
    this.layerBytes = (neededBytes(card, request) - this.draftBytes) / card.layers
    this.layersFor = this.free.map((bytes) => Math.floor(bytes / this.layerBytes))
  }

  freeOf(order: Order): number {
    return order.reduce((sum, node) => sum + (this.free[node] ?? 0), 0)
  }

  /** Cheap necessary condition; rules out most groups before the layers are assigned. */
  private hasRoom(order: Order): boolean {
    const { layers } = this.card
    let room = 0
    for (const node of order) {
      const layersHere = this.layersFor[node] ?? 0
      if (layersHere < 1) return false
      room += layersHere
    }
    return this.request.sharding === 'Tensor' || room >= layers
  }

  /** Returns the shards and claims of this group; undefined if the model does not fit. */
  choice(order: Order): Choice | undefined {
    if (!this.hasRoom(order)) return undefined
    const { card, request, graph, layerBytes } = this
    const ranks = order.flatMap((node) => {
      const nodeId = graph.nodeIds[node]
      const besides = node === order[0] ? this.draftBytes : 0
      return nodeId === undefined ? [] : [{ nodeId, freeBytes: Math.max(0, (this.free[node] ?? 0) - besides) }]
    })
    const shards = assignShards(card, request.sharding, ranks, layerBytes)
    if (shards === undefined) return undefined
    const claims: Record<string, number> = {}
    let leavesSpare = true
    for (const [rank, shard] of shards.entries()) {
      const bytes = shardBytes(card, request.sharding, shard, request)
      const left = (ranks[rank]?.freeBytes ?? 0) - bytes
      if (left < 0) return undefined
      leavesSpare &&= left >= (this.spare[order[rank] ?? -1] ?? 0)
      claims[shard.nodeId] = bytes + (rank === 0 ? Math.ceil(this.draftBytes) : 0)
    }
    const hasLeaf = order.some((node) => isLeaf(graph, node))
    return { shards, claims, free: this.freeOf(order), hasLeaf, leavesSpare }
  }
}

/** Returns the best group that fits. */
const bestOf = (
  search: Search,
  groups: readonly Order[],
  space: PlacementSpace,
  card: ModelCard,
  request: PlacementRequest,
) => {
  const better = comparisonFor({ space, card, request })
  const bySize = new Map<number, Order[]>()
  for (const group of groups) {
    const alike = bySize.get(group.length)
    if (alike) alike.push(group)
    else bySize.set(group.length, [group])
  }
  const sizes = [...bySize.keys()].sort((a, b) => a - b)
  const size = request.placementPreference
  if (size === 'largest') sizes.reverse()
  let best: Choice | undefined
  for (const count of sizes) {
    for (const group of bySize.get(count) ?? []) {
      const choice = search.choice(group)
      if (choice && (best === undefined || better(choice, best) < 0)) best = choice
    }
    // When the preference ranks by group size first, no other size can be better.
    if (best && (size === 'largest' || size === 'smallest')) break
  }
  return best
}

/** Whether the request names the machines of the group. */
export const isNamedGroup = ({ nodeIds, replicas = 1 }: Pick<PlacementRequest, 'nodeIds' | 'replicas'>): boolean =>
  nodeIds !== undefined && replicas === 1

/** Returns the groups within the requested sizes. */
const groupsOf = (
  space: PlacementSpace,
  { graph, free }: Region,
  card: ModelCard,
  request: PlacementRequest,
): readonly Order[] => {
  if (isNamedGroup(request)) {
    const all = ringOfAll(graph, request)
    return all === undefined ? [] : [all]
  }
  const all = Math.min(graph.nodeIds.length, maxRanks(request))
  const largest = request.sharding === 'Pipeline' ? Math.min(all, card.layers) : all
  return space.groups({ graph, free }, request, { largest: Math.max(1, largest), least: leastNodes(request) })
}

const placeAmong = (
  space: PlacementSpace,
  card: ModelCard,
  request: PlacementRequest,
  usable: readonly NodeId[],
  funnel: Funnel,
): PlacementResult => {
  const { state } = space
  const refuse = (code: PlacementErrorCode, sentence: CodedText) => refused(funnel.error(code, sentence, usable))
  const lacksRdma = (code: PlacementErrorCode, sentence: CodedText) =>
    refused(noRdma(state, funnel, usable, { code, sentence }))
  const region = space.region(usable, request)
  const search = new Search(card, request, region.graph, region.free, state)
  const groups = groupsOf(space, region, card, request)
  if (request.instanceMeta === 'MlxJaccl' && !groups.some((group) => group.length >= 2))
    return lacksRdma('no_rdma', coded('refusals.noRdma'))
  const large = groups.filter((group) => group.length >= leastNodes(request))
  if (large.length === 0) {
    const count = isNamedGroup(request) ? usable.length : leastNodes(request)
    return request.instanceMeta === 'MlxJaccl'
      ? lacksRdma('not_connected', coded('refusals.notJoined', { count }))
      : refuse('not_connected', coded('refusals.notConnected', { count }))
  }
  const problems = new Map(
    [...new Set(large.map(({ length }) => length))].map((size) => [size, shardingProblem(card, request, size)]),
  )
  const possible = large.filter(({ length }) => problems.get(length) === undefined)
  const [problem] = [...problems.values()].filter((candidate) => candidate !== undefined)
  if (possible.length === 0 && problem) return refused(funnel.requestProblem(problem, usable))
  const best = bestOf(search, possible, space, card, request)
  if (best) {
    const { shards, claims } = best
    const nodeIds = shards.map(({ nodeId }) => nodeId)
    return {
      status: 'placed',
      placement: { shards, claims, ...chooseConnections(state, nodeIds, request.instanceMeta) },
    }
  }
  const most = Math.max(...possible.map((group) => search.freeOf(group)))
  const needed = neededBytes(card, request)
  const together = most < needed && possible.some((group) => group.length === usable.length)
  return refused(tooLittleMemory(state, funnel, usable, { free: most, needed, together }))
}

/**
 * Finds the machines for one instance, or refuses with what to change. Exact for up to 10 machines; polynomial
 * heuristics beyond.
 *
 * @param state members, their memory, and what is already promised
 * @param space of that state, to share its graphs among searches for several models
 */
export const place = (
  state: State,
  card: ModelCard,
  request: PlacementRequest,
  space = new PlacementSpace(state),
): PlacementResult => {
  const funnel = new Funnel(state)
  const least = leastNodes(request)
  const found = usableNodes(state, request, card, funnel)
  // Keep the requested order: it becomes the rank order if it is a ring.
  const usable = request.nodeIds?.filter((nodeId) => found.includes(nodeId)) ?? found
  const unusable = request.nodeIds?.filter((nodeId) => !found.includes(nodeId)) ?? []
  const refuse = (code: PlacementErrorCode, sentence: CodedText) => refused(funnel.error(code, sentence, usable))
  const impossible =
    meshProblem(request) ?? embeddingProblem(card, request) ?? draftProblem(card) ?? adapterProblem(card)
  if (impossible) return refused(funnel.requestProblem(impossible, usable))
  if (usable.length < least) {
    const unfit = cannotLoad(state, request, funnel.details(usable))
    if (unfit) return refused(unfit)
  }
  if (usable.length < least && request.taken !== undefined && request.taken.length > 0 && unusable.length === 0)
    return refuse('too_few_machines', coded('refusals.replicas'))
  if (usable.length === 0 && unusable.length === 0) return refuse('no_machines', coded('refusals.noMachines'))
  if (usable.length < least) {
    const sentence =
      request.instanceMeta === 'MlxJaccl' && least === 2
        ? coded('refusals.tooFewForRdma', { usable: usable.length })
        : coded('refusals.tooFew', { least, usable: usable.length })
    return unusable.length > 0
      ? refused(funnel.missingMachines(unusable, sentence, usable))
      : refuse('too_few_machines', sentence)
  }
  return placeAmong(space, card, request, usable, funnel)
}
