import type { NodeId } from '../ids'
import type { InstanceMeta, Sharding } from '../state/meta-instances'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { edgesOf, isSocketEdge, type SocketEdge } from '../state/topology'
import { preferredEdge } from './connections'
import type { ModelCard } from './model-card'
import { shardBytes, type ShardPlan } from './shards'

/** What a placement should give one user; a preview shows it. */
export interface Prediction {
  readonly tokensPerSecond: number
  /** Until the first token of a prompt of `REFERENCE_PROMPT_TOKENS`. */
  readonly firstTokenMs: number
  /** Where the time of one token goes. */
  readonly perToken: TokenTime
}

/** The parts of the time that one token takes, in milliseconds. */
export interface TokenTime {
  /** Reading the weights from memory. */
  readonly readingMs: number
  /** Starting the kernels of the layers. */
  readonly layersMs: number
  /** Between machines; 0 on one alone. */
  readonly linksMs: number
}

/** The prompt that `firstTokenMs` speaks of. */
export const REFERENCE_PROMPT_TOKENS = 256

/** Prompt tokens that are computed in the time one pass over the weights takes: compute, not memory, binds there. */
const PROMPT_TOKENS_PER_PASS = 16

/**
 * What starting the kernels of one layer takes, whatever it holds: the limit of small models. Between 40 and 100 µs
 * in what people report of mlx-lm with models below 1 GB on M3 and M4.
 */
const LAYER_SECONDS = 0.00006

/** Users at once that `throughput` is about. */
export const THROUGHPUT_USERS = 8

/** Activations are 16-bit numbers. */
const ACTIVATION_BYTES = 2
/** A `Tensor` layer is put together twice: after attention and after its feed-forward part. */
const REDUCTIONS_PER_LAYER = 2

interface Link {
  readonly seconds: number
  readonly bytesPerSecond: number
}

/** Orders of magnitude, for links that nobody has measured. */
const TYPICAL: Readonly<Record<InterfaceType | 'rdma', Link>> = {
  rdma: { seconds: 0.00002, bytesPerSecond: 5e9 },
  thunderbolt: { seconds: 0.0003, bytesPerSecond: 2.5e9 },
  ethernet: { seconds: 0.0005, bytesPerSecond: 1.2e8 },
  unknown: { seconds: 0.001, bytesPerSecond: 1e8 },
  wifi: { seconds: 0.004, bytesPerSecond: 3e7 },
  loopback: { seconds: 0.00005, bytesPerSecond: 2e9 },
}

/** The links of a state, looked up from machine to machine. Built once for all groups. */
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

const passOver = (link: Link, bytes: number): number => link.seconds + bytes / link.bytesPerSecond

/** Seconds of one step on its links, for `users` tokens at once. */
const linkSeconds = ({ card, sharding, instanceMeta, shards }: Plan, links: LinkTable, users: number): number => {
  if (shards.length === 1) return 0
  const hops = shards.map(({ nodeId }, at) =>
    links.between(nodeId, shards[(at + 1) % shards.length]?.nodeId ?? nodeId, instanceMeta),
  )
  const activations = users * card.hiddenSize * ACTIVATION_BYTES
  switch (sharding) {
    case 'Pipeline':
      return hops.reduce((sum, hop) => sum + passOver(hop, activations), 0)
    case 'Tensor': {
      // Each reduction goes round the ring twice, in equal parts; the slowest link sets the pace of each turn. By RDMA
      // everybody talks to everybody at once.
      const turn = Math.max(...hops.map((hop) => passOver(hop, activations / shards.length)))
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
 * Seconds of one step in which `users` get a token each: every step reads the weights once, so a stage takes its
 * bytes divided by its machine's memory bandwidth. `Pipeline` stages follow one another, `Tensor` ranks work side by
 * side and the slowest counts. To that come the layers' own cost, hops × latency, and activations ÷ link bandwidth.
 * Undefined where a machine's memory bandwidth is not known.
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

/** Seconds of one step for `users` at once; undefined where a machine's memory bandwidth is not known. */
export const secondsPerStep = (state: State, plan: Plan, links: LinkTable, users = 1): number | undefined => {
  const time = stepTime(state, plan, links, users)
  return time && total(time)
}

/** The prediction a preview shows, or undefined where a machine's memory bandwidth is not known. */
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
