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

/** An embedding model computes at most so many tokens at once, and keeps nothing of them. */
const EMBEDDING_BATCH_TOKENS = 8192
/** Of one token while it is computed, in widths of the model: what goes in and out of a layer and is between. */
const WORKING_WIDTHS = 16
const BYTES_PER_WORKING_VALUE = 4

/** Bytes that a model takes beside its weights while it works. */
export const workingBytes = (card: ModelCard, maxContext?: number): number =>
  card.kind === 'embedding'
    ? EMBEDDING_BATCH_TOKENS * card.hiddenSize * WORKING_WIDTHS * BYTES_PER_WORKING_VALUE
    : kvCacheBytes(card, maxContext)

/** Bytes that a model takes, shared out or not. */
export const neededBytes = (card: ModelCard, maxContext?: number): number =>
  card.storageBytes + workingBytes(card, maxContext)

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
