import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import type { ModelCard } from './model-card'

/** Tokens of context that memory is reserved for by default. */
const DEFAULT_MAX_CONTEXT = 8192

/** Share of a machine's memory that `auto` leaves free, for its users and the programs they start next. */
export const SPARE_SHARE = 0.15

/** What determines the memory reserved for the KV cache. */
export type CacheDemand = Pick<Constraints, 'maxContext' | 'concurrency' | 'kvBits'>

/** Long requests that memory is reserved for by default. Free memory beyond the reservation is used as well. */
const DEFAULT_CONCURRENCY = 1

/** Bytes per key or value. In 8 bits, each group of 64 shares a scale and a bias of 16 bits each. */
const bytesPerValue = ({ kvBits }: CacheDemand): number => (kvBits === undefined ? 2 : 1 + (2 * 2) / 64)

/**
 * Returns the bytes of the whole model's KV cache for `concurrency` requests of `maxContext` tokens; 0 if the card has
 * no head size. Nothing is reserved beyond the model's own context, which no request can exceed: declarations of earlier
 * versions may ask for more.
 */
export const kvCacheBytes = (
  card: Pick<ModelCard, 'layers' | 'kvHeads' | 'headDim' | 'contextLength'>,
  demand: CacheDemand = {},
): number => {
  const { maxContext = DEFAULT_MAX_CONTEXT, concurrency = DEFAULT_CONCURRENCY } = demand
  const values = card.headDim === undefined ? 0 : 2 * card.layers * card.kvHeads * card.headDim
  return values * bytesPerValue(demand) * Math.min(maxContext, card.contextLength ?? Infinity) * concurrency
}

/** Most tokens in one batch of an embedding model, which keeps no cache. */
const EMBEDDING_BATCH_TOKENS = 8192
/** Working memory per token, in multiples of the hidden size: a layer's inputs, outputs and intermediate values. */
const WORKING_WIDTHS = 16
const BYTES_PER_WORKING_VALUE = 4

/** Returns the bytes that a model needs besides its weights. */
export const workingBytes = (card: ModelCard, demand?: CacheDemand): number =>
  card.kind === 'embedding'
    ? EMBEDDING_BATCH_TOKENS * card.hiddenSize * WORKING_WIDTHS * BYTES_PER_WORKING_VALUE
    : kvCacheBytes(card, demand)

/** Returns the bytes that a draft model needs on rank 0's node; 0 if there is none. Its KV cache is not quantized. */
export const draftBytes = (
  { draft, contextLength }: ModelCard,
  { maxContext, concurrency }: CacheDemand = {},
): number =>
  draft === undefined
    ? 0
    : draft.storageBytes +
      kvCacheBytes({ ...draft, ...(contextLength !== undefined && { contextLength }) }, { maxContext, concurrency })

/** Returns the bytes that a model needs in all, sharded or not. */
export const neededBytes = (card: ModelCard, demand?: CacheDemand): number =>
  card.storageBytes + workingBytes(card, demand) + draftBytes(card, demand)

/** Sums the bytes that all instances claim, by node. */
export const claimedBytes = (state: State): Map<string, number> => {
  const claimed = new Map<string, number>()
  for (const { claims } of Object.values(state.instances)) {
    for (const [nodeId, bytes] of Object.entries(claims)) claimed.set(nodeId, (claimed.get(nodeId) ?? 0) + bytes)
  }
  return claimed
}

/**
 * Returns the bytes on a node that are not promised yet. Memory held by runners is added and claims of instances are
 * subtracted, so that a loaded model is not counted twice.
 */
export const freeBytes = (state: State, nodeId: NodeId, claimed: ReadonlyMap<string, number>): number => {
  const node = state.nodes[nodeId]
  if (!node) return 0
  const { ramAvailable, heldByRunners, ramTotal } = node.memory
  return Math.max(0, Math.min(ramTotal, ramAvailable + heldByRunners) - (claimed.get(nodeId) ?? 0))
}
