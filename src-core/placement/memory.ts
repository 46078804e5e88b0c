import type { NodeId } from '../ids'
import type { State } from '../state/state'
import type { ModelCard } from './model-card'

/** Tokens of context that memory is kept for where nobody said otherwise. */
export const DEFAULT_MAX_CONTEXT = 8192

/** Share of a machine's memory that `auto` leaves free: for the people at it, and for what they start next. */
export const SPARE_SHARE = 0.15

/** Keys and values are kept in 16 bits. */
const KV_BYTES_PER_VALUE = 2

/** Bytes of the whole model's key-value cache for `maxContext` tokens; 0 where the card does not tell its head size. */
export const kvCacheBytes = (card: ModelCard, maxContext: number = DEFAULT_MAX_CONTEXT): number =>
  card.headDim === undefined ? 0 : 2 * card.layers * card.kvHeads * card.headDim * KV_BYTES_PER_VALUE * maxContext

/** Bytes that a model takes, shared out or not. */
export const neededBytes = (card: ModelCard, maxContext?: number): number =>
  card.storageBytes + kvCacheBytes(card, maxContext)

/** Bytes that all instances together claim on each node. */
export const claimedBytes = (state: State): Map<string, number> => {
  const claimed = new Map<string, number>()
  for (const { claims } of Object.values(state.instances)) {
    for (const [nodeId, bytes] of Object.entries(claims)) claimed.set(nodeId, (claimed.get(nodeId) ?? 0) + bytes)
  }
  return claimed
}

/**
 * Bytes that can still be promised on a node. What runners hold is added and what instances claim is
 * taken away, so that a loaded model is neither counted nor promised twice.
 */
export const freeBytes = (state: State, nodeId: NodeId, claimed: ReadonlyMap<string, number>): number => {
  const node = state.nodes[nodeId]
  if (!node) return 0
  const { ramAvailable, heldByRunners, ramTotal } = node.memory
  return Math.max(0, Math.min(ramTotal, ramAvailable + heldByRunners) - (claimed.get(nodeId) ?? 0))
}
