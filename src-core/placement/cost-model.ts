import type { NodeId } from '../ids'
import type { InstanceMeta, Sharding } from '../state/meta-instances'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { edgesOf, isSocketEdge, type SocketEdge } from '../state/topology'
import { preferredEdge } from './connections'
import type { ModelCard } from './model-card'
import { shardBytes, type ShardPlan } from './shards'

/** Predicted speed of a placement for a single user, as previews show it. */
export interface Prediction {
  readonly tokensPerSecond: number
  /** Time to first token for a prompt of `REFERENCE_PROMPT_TOKENS`. */
  readonly firstTokenMs: number
  /** Breakdown of the time per token. */
  readonly perToken: TokenTime
}

/** Parts of the time per token, in milliseconds. */
export interface TokenTime {
  /** Reading the weights from memory. */
  readonly readingMs: number
  /** Launching the kernels of the layers. */
  readonly layersMs: number
  /** Transfers between machines; 0 on a single machine. */
  readonly linksMs: number
}

/** Prompt length that `firstTokenMs` refers to. */
const REFERENCE_PROMPT_TOKENS = 256

/** Prompt tokens computed in the time of one pass over the weights: prefill is bound by compute, not by memory. */
const PROMPT_TOKENS_PER_PASS = 16

/**
 * Seconds to launch the kernels of one layer, whatever its size; this bounds small models. Users of mlx-lm report 40 to
 * 100 µs with models below 1 GB on M3 and M4.
 */
const LAYER_SECONDS = 0.00006

/** Concurrent users that `throughput` optimizes for. */
export const THROUGHPUT_USERS = 8

/** Activations are 16-bit numbers. */
const ACTIVATION_BYTES = 2
/** A `Tensor` layer needs two all-reduces: after attention and after the feed-forward part. */
const REDUCTIONS_PER_LAYER = 2

interface Link {
  readonly seconds: number
  readonly bytesPerSecond: number
}

/** Orders of magnitude, for links without a measurement. */
const TYPICAL: Readonly<Record<InterfaceType | 'rdma', Link>> = {
  rdma: { seconds: 0.00002, bytesPerSecond: 5e9 },
  thunderbolt: { seconds: 0.0003, bytesPerSecond: 2.5e9 },
  ethernet: { seconds: 0.0005, bytesPerSecond: 1.2e8 },
  unknown: { seconds: 0.001, bytesPerSecond: 1e8 },
  wifi: { seconds: 0.004, bytesPerSecond: 3e7 },
  loopback: { seconds: 0.00005, bytesPerSecond: 2e9 },
}

/** Looks up the best link between two machines. Built once per state and shared by all groups. */
export class LinkTable {
  private readonly best = new Map<NodeId, Map<NodeId, SocketEdge>>()

  constructor(state: State) {
    for (const edge of edgesOf(state.topology)) {
      if (!isSocketEdge(edge)) continue
      let from = this.best.get(edge.from)
      if (from === undefined) this.best.set(edge.from, (from = new Map<NodeId, SocketEdge>()))
      const known = from.get(edge.to)
      if (known === undefined || preferredEdge(edge, known) < 0) from.set(edge.to, edge)
    }
  }

  between(from: NodeId, to: NodeId, instanceMeta: InstanceMeta): Link {
    if (instanceMeta === 'MlxJaccl') return TYPICAL.rdma
    const edge = this.best.get(from)?.get(to)
    const typical = TYPICAL[edge?.interfaceType ?? 'unknown']
    return {
      seconds: edge?.latencyMs === undefined ? typical.seconds : edge.latencyMs / 1000,
      bytesPerSecond: edge?.bytesPerSecond ?? typical.bytesPerSecond,
    }
  }
}

export interface Plan {
  readonly card: ModelCard
  readonly sharding: Sharding
  readonly instanceMeta: InstanceMeta
  readonly shards: readonly ShardPlan[]
}

const transferSeconds = (link: Link, bytes: number): number => link.seconds + bytes / link.bytesPerSecond

/** Returns the seconds that one step spends on links when `users` get a token each. */
const linkSeconds = ({ card, sharding, instanceMeta, shards }: Plan, links: LinkTable, users: number): number => {
  if (shards.length === 1) return 0
  const hops = shards.map(({ nodeId }, at) =>
    links.between(nodeId, shards[(at + 1) % shards.length]?.nodeId ?? nodeId, instanceMeta),
  )
  const activations = users * card.hiddenSize * ACTIVATION_BYTES
  switch (sharding) {
    case 'Pipeline':
      return hops.reduce((sum, hop) => sum + transferSeconds(hop, activations), 0)
    case 'Tensor': {
      // An all-reduce over a ring takes 2 · (n - 1) rounds of equal parts; the slowest link sets the pace of each
      // round. With RDMA every pair exchanges at once, in one round.
      const turn = Math.max(...hops.map((hop) => transferSeconds(hop, activations / shards.length)))
      const turns = instanceMeta === 'MlxJaccl' ? 1 : 2 * (shards.length - 1)
      return REDUCTIONS_PER_LAYER * card.layers * turns * turn
    }
  }
}

interface StepTime {
  readonly reading: number
  readonly layers: number
  readonly links: number
}

/**
 * Predicts the time of one step in which `users` get a token each. Every step reads the weights once, so a stage takes
 * its bytes divided by its machine's memory bandwidth. `Pipeline` stages run one after the other; `Tensor` ranks run in
 * parallel and the slowest counts. Added to that: kernel launches, hops × latency, and activations ÷ link bandwidth.
 * Undefined if a machine's memory bandwidth is unknown.
 */
const stepTime = (state: State, plan: Plan, links: LinkTable, users: number): StepTime | undefined => {
  const { card, sharding, shards } = plan
  const stages: number[] = []
  for (const shard of shards) {
    const bandwidth = state.nodes[shard.nodeId]?.memoryBandwidth
    if (bandwidth === undefined) return undefined
    stages.push(shardBytes({ ...card, headDim: undefined }, sharding, shard) / bandwidth)
  }
  const reading = sharding === 'Tensor' ? Math.max(...stages) : stages.reduce((a, b) => a + b, 0)
  return { reading, layers: card.layers * LAYER_SECONDS, links: linkSeconds(plan, links, users) }
}

const total = ({ reading, layers, links }: StepTime): number => reading + layers + links

/** Returns the seconds of one step for `users`; undefined if a machine's memory bandwidth is unknown. */
export const secondsPerStep = (state: State, plan: Plan, links: LinkTable, users = 1): number | undefined => {
  const time = stepTime(state, plan, links, users)
  return time && total(time)
}

/** Returns the prediction a preview shows; undefined if a machine's memory bandwidth is unknown. */
export const predict = (state: State, plan: Plan, links: LinkTable): Prediction | undefined => {
  const time = stepTime(state, plan, links, 1)
  const seconds = time && total(time)
  if (!seconds) return undefined
  const passes = Math.max(1, REFERENCE_PROMPT_TOKENS / PROMPT_TOKENS_PER_PASS)
  return {
    tokensPerSecond: 1 / seconds,
    firstTokenMs: Math.round(1000 * seconds * passes),
    perToken: { readingMs: 1000 * time.reading, layersMs: 1000 * time.layers, linksMs: 1000 * time.links },
  }
}
