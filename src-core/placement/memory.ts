import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import type { ModelCard } from './model-card'

/** Tokens of context that memory is kept for where nobody said otherwise. */
export const DEFAULT_MAX_CONTEXT = 8192

/** Share of a machine's memory that `auto` leaves free: for the people at it, and for what they start next. */
export const SPARE_SHARE = 0.15

/** What memory is kept for beside the weights. */
export type CacheDemand = Pick<Constraints, 'maxContext' | 'concurrency' | 'kvBits'>

/** Long requests that memory is kept for at once, where nobody said otherwise. What is free beyond it is used as well. */
export const DEFAULT_CONCURRENCY = 1

/** Of a key or a value; in 8 bits every 64 of them share a scale and a bias of 16 bits each. */
const bytesPerValue = ({ kvBits }: CacheDemand): number => (kvBits === undefined ? 2 : 1 + (2 * 2) / 64)

/**
 * Bytes of the whole model's key-value cache for `concurrency` requests of `maxContext` tokens; 0 where the card does
 * not tell its head size.
 */
export const kvCacheBytes = (
  card: Pick<ModelCard, 'layers' | 'kvHeads' | 'headDim'>,
  demand: CacheDemand = {},
): number => {
  const { maxContext = DEFAULT_MAX_CONTEXT, concurrency = DEFAULT_CONCURRENCY } = demand
  const values = card.headDim === undefined ? 0 : 2 * card.layers * card.kvHeads * card.headDim
  return values * bytesPerValue(demand) * maxContext * concurrency
}

/** An embedding model computes at most so many tokens at once, and keeps nothing of them. */
const EMBEDDING_BATCH_TOKENS = 8192
/** Of one token while it is computed, in widths of the model: what goes in and out of a layer and is between. */
const WORKING_WIDTHS = 16
const BYTES_PER_WORKING_VALUE = 4

/** Bytes that a model takes beside its weights while it works. */
export const workingBytes = (card: ModelCard, demand?: CacheDemand): number =>
  card.kind === 'embedding'
    ? EMBEDDING_BATCH_TOKENS * card.hiddenSize * WORKING_WIDTHS * BYTES_PER_WORKING_VALUE
    : kvCacheBytes(card, demand)

/** Bytes that the draft of a model takes on the node of rank 0; 0 where it has none. It keeps its context as it is. */
export const draftBytes = ({ draft }: ModelCard, { maxContext, concurrency }: CacheDemand = {}): number =>
  draft === undefined ? 0 : draft.storageBytes + kvCacheBytes(draft, { maxContext, concurrency })

/** Bytes that a model takes, shared out or not. */
export const neededBytes = (card: ModelCard, demand?: CacheDemand): number =>
  card.storageBytes + workingBytes(card, demand) + draftBytes(card, demand)

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
