import type { Sharding } from '../state/meta-instances'
import type { State } from '../state/state'
import type { ModelCard } from './model-card'
import { shardBytes, type ShardPlan } from './shards'

/** What a placement should give one user; a preview shows it. */
export interface Prediction {
  readonly tokensPerSecond: number
  /** Until the first token of a prompt of `REFERENCE_PROMPT_TOKENS`. */
  readonly firstTokenMs: number
}

/** The prompt that `firstTokenMs` speaks of. */
export const REFERENCE_PROMPT_TOKENS = 256

/** Prompt tokens that are computed in the time one pass over the weights takes: compute, not memory, binds there. */
const PROMPT_TOKENS_PER_PASS = 16

/**
 * Seconds per token for one user: every token reads the weights once, so a stage takes its bytes
 * divided by its machine's memory bandwidth. `Pipeline` stages follow one another, `Tensor` ranks
 * work side by side and the slowest counts. Undefined where a machine's bandwidth is not known.
 */
export const secondsPerToken = (
  state: State,
  card: ModelCard,
  sharding: Sharding,
  shards: readonly ShardPlan[],
): number | undefined => {
  const stages: number[] = []
  for (const shard of shards) {
    const bandwidth = state.nodes[shard.nodeId]?.memoryBandwidth
    if (bandwidth === undefined) return undefined
    stages.push(shardBytes({ ...card, headDim: undefined }, sharding, shard) / bandwidth)
  }
  return sharding === 'Tensor' ? Math.max(...stages) : stages.reduce((a, b) => a + b, 0)
}

/** The prediction a preview shows, or undefined where a machine's memory bandwidth is not known. */
export const predict = (
  state: State,
  card: ModelCard,
  sharding: Sharding,
  shards: readonly ShardPlan[],
): Prediction | undefined => {
  const seconds = secondsPerToken(state, card, sharding, shards)
  if (seconds === undefined || seconds === 0) return undefined
  const passes = Math.max(1, REFERENCE_PROMPT_TOKENS / PROMPT_TOKENS_PER_PASS)
  return { tokensPerSecond: 1 / seconds, firstTokenMs: Math.round(1000 * seconds * passes) }
}
