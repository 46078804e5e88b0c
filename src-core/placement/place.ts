import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { Constraints, PlacementError } from '../state/meta-instances'
import type { State } from '../state/state'
import { candidateGroups, usableNodes, type Group } from './candidates'
import { Funnel, gigabytes } from './funnel'
import { claimedBytes, freeBytes, neededBytes } from './memory'
import type { ModelCard } from './model-card'
import { assignShards, shardBytes, type RankCandidate, type ShardPlan } from './shards'

export type PlacementRequest = Pick<
  Constraints,
  'sharding' | 'instanceMeta' | 'minNodes' | 'nodeIds' | 'placementPreference' | 'maxContext'
>

/** Where the ranks go and what each node is promised for. */
export interface Placement {
  readonly shards: readonly ShardPlan[]
  /** Bytes by node. */
  readonly claims: Readonly<Record<string, number>>
}

export type PlacementResult =
  | { readonly status: 'placed'; readonly placement: Placement }
  | { readonly status: 'refused'; readonly error: PlacementError }

const refused = (error: PlacementError): PlacementResult => ({ status: 'refused', error })

/** Why a model cannot be shared out like this over so many machines; undefined where it can. */
const shardingProblem = (card: ModelCard, { sharding }: PlacementRequest, size: number): PlacementError | undefined => {
  if (size === 1) return undefined
  const { modelId, layers, hiddenSize, kvHeads } = card
  if (sharding === 'Tensor') {
    if (!card.supportsTensor)
      return { code: 'tensor_unsupported', reason: `${modelId} does not support Tensor sharding; use Pipeline` }
    return hiddenSize % size === 0 && kvHeads % size === 0
      ? undefined
      : {
          code: 'indivisible',
          reason: `${modelId} has ${kvHeads} key-value heads, which ${size} machines cannot share equally`,
        }
  }
  if (!card.supportsPipeline)
    return { code: 'pipeline_unsupported', reason: `${modelId} does not support Pipeline sharding; use Tensor` }
  return layers >= size
    ? undefined
    : { code: 'too_few_layers', reason: `${modelId} has only ${layers} layers for ${size} machines` }
}

const withMemory = (
  card: ModelCard,
  request: PlacementRequest,
  ranks: readonly RankCandidate[],
): Placement | undefined => {
  const shards = assignShards(card, request.sharding, ranks)
  const claims: Record<string, number> = {}
  for (const [rank, shard] of shards.entries()) {
    const bytes = shardBytes(card, request.sharding, shard, request.maxContext)
    if (bytes > (ranks[rank]?.freeBytes ?? 0)) return undefined
    claims[shard.nodeId] = bytes
  }
  return { shards, claims }
}

/** More nodes first with `largest`, fewer with the others; then more free memory. */
const preferred = (request: PlacementRequest, free: ReadonlyMap<string, number>) => {
  const memory = (group: Group) => group.reduce((sum, nodeId) => sum + (free.get(nodeId) ?? 0), 0)
  const direction = request.placementPreference === 'largest' ? -1 : 1
  return (a: Group, b: Group): number => direction * (a.length - b.length) || memory(b) - memory(a)
}

/**
 * Finds the machines for one instance, or says what to change. Cost: linear in the groups looked at.
 *
 * @param state who is there and what is already promised
 */
export const place = (state: State, card: ModelCard, request: PlacementRequest): PlacementResult => {
  const funnel = new Funnel(state)
  const usable = usableNodes(state, request, funnel)
  const gone = request.nodeIds?.filter((nodeId) => !usable.includes(nodeId)) ?? []
  const refuse = (
    code: string,
    sentence: string,
    remaining: readonly NodeId[] = usable,
    bytes?: { free: number; needed: number },
  ) => refused(funnel.error(code, sentence, remaining, bytes))

  if (usable.length === 0 && gone.length === 0) return refuse('no_machines', 'no machine is ready to run models')
  if (usable.length < request.minNodes) {
    const missing = gone.length > 0 ? `; not here: ${gone.map((nodeId) => nodeName(state, nodeId)).join(', ')}` : ''
    return refuse('too_few_machines', `${usable.length} of at least ${request.minNodes} machines are usable${missing}`)
  }
  const groups = candidateGroups(usable)
  if (request.instanceMeta === 'MlxJaccl' && !groups.some((group) => group.length >= 2)) {
    return refuse('no_rdma', 'Requested RDMA (MlxJaccl) but no RDMA-connected machines are available')
  }
  const large = groups.filter((group) => group.length >= request.minNodes)
  if (large.length === 0) return refuse('not_connected', `no ${request.minNodes} machines are connected to one another`)

  const problems = large.map((group) => shardingProblem(card, request, group.length))
  const possible = large.filter((_group, at) => problems[at] === undefined)
  const problem = problems.find((candidate) => candidate !== undefined)
  if (possible.length === 0 && problem) return refuse(problem.code, problem.reason)

  const claimed = claimedBytes(state)
  const free = new Map(usable.map((nodeId) => [nodeId as string, freeBytes(state, nodeId, claimed)]))
  for (const group of [...possible].sort(preferred(request, free))) {
    const placement = withMemory(
      card,
      request,
      group.map((nodeId) => ({ nodeId, freeBytes: free.get(nodeId) ?? 0 })),
    )
    if (placement) return { status: 'placed', placement }
  }
  const most = Math.max(...possible.map((group) => group.reduce((sum, nodeId) => sum + (free.get(nodeId) ?? 0), 0)))
  const needed = neededBytes(card, request.maxContext)
  const who =
    usable.length === 1 ? nodeName(state, usable[0] ?? ('' as NodeId)) : `the ${usable.length} usable machines`
  const have = usable.length === 1 ? 'has' : 'have at most'
  return refuse(
    'not_enough_memory',
    `${who} ${have} ${gigabytes(most)} free, the model needs ${gigabytes(needed)}`,
    usable,
    {
      free: most,
      needed,
    },
  )
}
