import type { NodeId } from '../ids'
import type { Shard } from '../state/instances'
import type { Sharding } from '../state/meta-instances'
import { workingBytes, type CacheDemand } from './memory'
import type { ModelCard } from './model-card'

/** A machine at its rank, with the bytes that can be promised on it. */
export interface RankCandidate {
  readonly nodeId: NodeId
  readonly freeBytes: number
}

export type ShardPlan = Omit<Shard, 'runnerId'>

/** Splits `total` into whole parts proportional to `weights`, each at least 1 (largest remainder method). */
export const apportion = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((a, b) => a + b, 0)
  const spare = total - weights.length
  const exact = weights.map((weight) => (sum > 0 ? (spare * weight) / sum : spare / weights.length))
  const parts = exact.map((part) => 1 + Math.floor(part))
  let left = total - parts.reduce((a, b) => a + b, 0)
  const byRemainder = exact
    .map((part, rank) => ({ rank, rest: part - Math.floor(part) }))
    .sort((a, b) => b.rest - a.rest || a.rank - b.rank)
  for (const { rank } of byRemainder) {
    if (left-- <= 0) break
    parts[rank] = (parts[rank] ?? 0) + 1
  }
  return parts
}

/** Moves parts from machines over capacity to those with the most room left. Undefined if they do not fit in total. */
const fitToCapacity = (parts: readonly number[], room: readonly number[]): number[] | undefined => {
  const fitted = parts.map((part, at) => Math.min(part, room[at] ?? 0))
  let over = parts.reduce((sum, part, at) => sum + part - (fitted[at] ?? 0), 0)
  while (over > 0) {
    const spare = fitted.map((part, at) => (room[at] ?? 0) - part)
    const most = Math.max(...spare)
    if (most <= 0) return undefined
    const at = spare.indexOf(most)
    fitted[at] = (fitted[at] ?? 0) + 1
    over -= 1
  }
  return fitted.every((part) => part >= 1) ? fitted : undefined
}

/**
 * Assigns layers to ranks. `Pipeline` splits them in proportion to free memory; rank 0, which samples and serves the
 * client, holds the last ones. `Tensor` gives every rank all layers.
 *
 * @param layerBytes bytes per layer, to keep each rank within its memory
 * @returns undefined if the layers do not fit
 */
export const assignShards = (
  card: ModelCard,
  sharding: Sharding,
  ranks: readonly RankCandidate[],
  layerBytes = 0,
): ShardPlan[] | undefined => {
  const worldSize = ranks.length
  const { layers } = card
  if (sharding === 'Tensor') {
    return ranks.map(({ nodeId }, rank) => ({ nodeId, rank, worldSize, startLayer: 0, endLayer: layers, layers }))
  }
  const free = ranks.map(({ freeBytes }) => freeBytes)
  const room = free.map((bytes) => (layerBytes > 0 ? Math.floor(bytes / layerBytes) : layers))
  const parts = fitToCapacity(apportion(layers, free), room)
  if (parts === undefined) return undefined
  let endLayer = layers
  return ranks.map(({ nodeId }, rank) => {
    const startLayer = endLayer - (parts[rank] ?? 0)
    const shard = { nodeId, rank, worldSize, startLayer, endLayer, layers }
    endLayer = startLayer
    return shard
  })
}

/** Returns the bytes that a shard claims on its node: its weights and its part of the working memory. */
export const shardBytes = (card: ModelCard, sharding: Sharding, shard: ShardPlan, demand?: CacheDemand): number => {
  const part = sharding === 'Tensor' ? 1 / shard.worldSize : (shard.endLayer - shard.startLayer) / shard.layers
  return Math.ceil((card.storageBytes + workingBytes(card, demand)) * part)
}
