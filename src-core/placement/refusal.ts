import type { NodeId } from '../ids'
import { pairsWithoutRdma } from '../rdma/index'
import { nodeName } from '../state/bindings'
import { leastNodes } from '../state/least-nodes'
import type { PlacementErrorDetails } from '../state/meta-instances'
import { refusal, type PlacementErrorCode, type PlacementRefusal } from './placement-refusal'
import type { MissingRdma } from '../state/rdma'
import type { State } from '../state/state'
import { clauses, coded, commas, type CodedText } from '../texts/coded'
import type { Funnel } from './funnel'
import type { ModelCard } from './model-card'
import type { PlacementRequest } from './placement-request'

/** Refuses a model that cannot be sharded like this over `size` machines; undefined if it can. */
export const shardingProblem = (
  { modelId, kind, layers, hiddenSize, kvHeads, supportsTensor, supportsPipeline, adapterId }: ModelCard,
  { sharding }: Pick<PlacementRequest, 'sharding'>,
  size: number,
): PlacementRefusal | undefined => {
  if (size === 1) return undefined
  const model: string = modelId
  const count = size
  const neither = 'refusals.noSharding'
  if (kind === 'embedding') return refusal('not_shared_out', coded('refusals.embedding', { model }))
  if (sharding === 'Tensor') {
    if (adapterId !== undefined) return refusal('tensor_unsupported', coded('refusals.adapterTensor', { model }))
    if (!supportsTensor)
      return refusal('tensor_unsupported', coded(supportsPipeline ? 'refusals.noTensor' : neither, { model }))
    return hiddenSize % size === 0 && kvHeads % size === 0
      ? undefined
      : refusal('indivisible', coded('refusals.indivisible', { model, heads: kvHeads, count }))
  }
  if (!supportsPipeline)
    return refusal('pipeline_unsupported', coded(supportsTensor ? 'refusals.noPipeline' : neither, { model }))
  return layers >= size
    ? undefined
    : refusal('too_few_layers', coded('refusals.tooFewLayers', { model, layers, count }))
}

/** Refuses embedding models, which run on a single machine, if more machines are requested. */
export const embeddingProblem = (
  card: ModelCard,
  request: Pick<PlacementRequest, 'sharding' | 'instanceMeta' | 'minNodes'>,
): PlacementRefusal | undefined =>
  card.kind === 'embedding' ? shardingProblem(card, request, leastNodes(request)) : undefined

/** Refuses an adapter for a model that cannot take one; undefined if no reason against it is known. */
export const adapterProblem = ({ modelId, kind, adapterId }: ModelCard): PlacementRefusal | undefined =>
  adapterId === undefined || kind !== 'embedding'
    ? undefined
    : refusal('unsuitable_adapter', coded('refusals.adapterOfEmbedding', { model: modelId }))

/**
 * Refuses more context than the model has; undefined if that is not known. Checked where it is asked for, and not by
 * `place`: a declaration of an earlier version keeps its place, with the model's own context.
 */
export const contextProblem = (
  { modelId, contextLength }: ModelCard,
  { maxContext }: Pick<PlacementRequest, 'maxContext'>,
): PlacementRefusal | undefined =>
  maxContext === undefined || contextLength === undefined || maxContext <= contextLength
    ? undefined
    : refusal(
        'context_too_long',
        coded('refusals.contextTooLong', { model: modelId, asked: maxContext, tokens: contextLength }),
      )

/** Refuses a draft model that cannot serve its model; undefined if no reason against it is known. */
export const draftProblem = ({ modelId, kind, storageBytes, draft }: ModelCard): PlacementRefusal | undefined => {
  if (draft === undefined) return undefined
  const model: string = modelId
  if (kind === 'embedding') return refusal('unsuitable_draft', coded('refusals.nothingToGuess', { model }))
  return draft.storageBytes < storageBytes
    ? undefined
    : refusal('unsuitable_draft', coded('refusals.largeDraft', { draft: draft.modelId, model }))
}

/** Names each machine that cannot load the model, with its reason, when too few others are left; else undefined. */
export const cannotLoad = (
  state: State,
  { unfit: reasons = {} }: Pick<PlacementRequest, 'unfit'>,
  details: PlacementErrorDetails,
): PlacementRefusal | undefined => {
  const unfit = details.removed.flatMap(({ rule, nodeIds }) => (rule === 'cannot_load' ? nodeIds : []))
  if (unfit.length === 0) return undefined
  const lacking = (nodeId: NodeId, detail: string | CodedText): CodedText =>
    coded('refusals.lacking', { name: nodeName(state, nodeId), detail: clauses(detail) })
  const failures = unfit.map((nodeId) => lacking(nodeId, reasons[nodeId] ?? ''))
  const others = details.removed
    .filter(({ rule }) => rule !== 'cannot_load' && rule !== 'nodeIds')
    .flatMap(({ nodeIds, detail, coded: why }) => nodeIds.map((nodeId) => lacking(nodeId, why ?? detail)))
  const sentence = coded('refusals.cannotLoad', { machines: clauses(...failures, ...others) })
  return refusal('cannot_load', sentence, details)
}

/**
 * Words the shortage: `mini has …`, `the other 2 have at most …`. `together`: `free` is that of all usable machines.
 */
const memorySentence = (
  state: State,
  usable: readonly NodeId[],
  { free, needed, together, others }: { free: number; needed: number; together: boolean; others: boolean },
): CodedText => {
  const [only] = usable
  const values = { free: { bytes: free }, needed: { bytes: needed } }
  if (usable.length === 1 && only !== undefined)
    return coded(together ? 'refusals.memoryOn' : 'refusals.memoryOnMost', { ...values, name: nodeName(state, only) })
  const all = { ...values, count: usable.length }
  return others
    ? coded(together ? 'refusals.memoryOfOthers' : 'refusals.memoryOfOthersMost', all)
    : coded(together ? 'refusals.memoryOf' : 'refusals.memoryOfMost', all)
}

/** Refuses when no group holds the model. `free`: bytes of the largest group. */
export const tooLittleMemory = (
  state: State,
  funnel: Funnel,
  usable: readonly NodeId[],
  { free, needed, together }: { free: number; needed: number; together: boolean },
): PlacementRefusal => {
  // Otherwise there may be enough in all, but not on each machine, or not on machines that are connected.
  const sentence = memorySentence(state, usable, { free, needed, together, others: funnel.hasRemoved })
  return funnel.error('not_enough_memory', sentence, usable, { free, needed })
}

/** The sentence names at most this many pairs and counts the rest. */
const MAX_PAIRS_NAMED = 3

/**
 * Refuses for missing RDMA. The sentence adds what each pair of Macs lacks; a machine that is no Mac, or whose ports
 * were not read, needs no explanation.
 */
export const noRdma = (
  state: State,
  funnel: Funnel,
  usable: readonly NodeId[],
  { code, sentence }: { code: PlacementErrorCode; sentence: CodedText },
): PlacementRefusal => {
  const withoutRdma = pairsWithoutRdma(state, usable)
  const isInformative = ({ reasons }: MissingRdma): boolean =>
    reasons.some(({ code: why }) => why !== 'not_a_mac' && why !== 'not_read')
  const described = withoutRdma.filter(isInformative).map(({ nodeIds: [a, b], reasons }) => {
    // The sentence gives only the first kind of reason; the details have them all.
    const foremost = reasons.filter(({ code: why }) => why === reasons[0]?.code)
    const what = commas(foremost.map(({ text, coded: why }) => why ?? text))
    return coded('refusals.pair', { a: nodeName(state, a), b: nodeName(state, b), reasons: what })
  })
  const more = described.length - MAX_PAIRS_NAMED
  const others = more > 0 ? [coded('refusals.morePairs', { count: more })] : []
  const pairs = clauses(...described.slice(0, MAX_PAIRS_NAMED), ...others)
  const whole = described.length === 0 ? sentence : coded('refusals.because', { sentence: clauses(sentence), pairs })
  const error = funnel.error(code, whole, usable)
  const { details } = error
  return { ...error, ...(details && withoutRdma.length > 0 && { details: { ...details, withoutRdma } }) }
}
