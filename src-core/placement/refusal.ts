import type { NodeId } from '../ids'
import { pairsWithoutRdma } from '../rdma/why-no-rdma'
import { nodeName } from '../state/bindings'
import type { PlacementErrorDetails } from '../state/meta-instances'
import type { PlacementErrorCode, PlacementRefusal } from './placement-refusal'
import type { MissingRdma } from '../state/rdma'
import type { State } from '../state/state'
import { gigabytes, type Funnel } from './funnel'
import type { ModelCard } from './model-card'
import type { PlacementRequest } from './placement-request'

/** Why a model cannot be shared out like this over so many machines; undefined where it can. */
export const shardingProblem = (
  { modelId, kind, layers, hiddenSize, kvHeads, supportsTensor, supportsPipeline }: ModelCard,
  { sharding }: Pick<PlacementRequest, 'sharding'>,
  size: number,
): PlacementRefusal | undefined => {
  if (size === 1) return undefined
  if (kind === 'embedding')
    return { code: 'not_shared_out', reason: `${modelId} is an embedding model, which runs on one machine` }
  if (sharding === 'Tensor') {
    if (!supportsTensor)
      return { code: 'tensor_unsupported', reason: `${modelId} does not support Tensor sharding; use Pipeline` }
    return hiddenSize % size === 0 && kvHeads % size === 0
      ? undefined
      : {
          code: 'indivisible',
          reason: `${modelId} has ${kvHeads} key-value heads, which ${size} machines cannot share equally`,
        }
  }
  if (!supportsPipeline)
    return { code: 'pipeline_unsupported', reason: `${modelId} does not support Pipeline sharding; use Tensor` }
  return layers >= size
    ? undefined
    : { code: 'too_few_layers', reason: `${modelId} has only ${layers} layers for ${size} machines` }
}

/** Why a model is not for more than one machine, where more than one is asked for. */
export const sharedOutProblem = (
  card: ModelCard,
  request: Pick<PlacementRequest, 'sharding' | 'instanceMeta' | 'minNodes'>,
): PlacementRefusal | undefined =>
  card.kind === 'embedding'
    ? shardingProblem(card, request, request.instanceMeta === 'MlxJaccl' ? 2 : request.minNodes)
    : undefined

/** Where too few machines are left because some cannot load the model: why, in the words of each; else undefined. */
export const cannotLoad = (
  state: State,
  { unfit: reasons = {} }: Pick<PlacementRequest, 'unfit'>,
  details: PlacementErrorDetails,
): PlacementRefusal | undefined => {
  const unfit = details.removed.find(({ rule }) => rule === 'cannot_load')?.nodeIds ?? []
  if (unfit.length === 0) return undefined
  const failures = unfit.map((nodeId) => `${nodeName(state, nodeId)}: ${reasons[nodeId] ?? ''}`).join('; ')
  const others = details.removed
    .filter(({ rule }) => rule !== 'cannot_load' && rule !== 'nodeIds')
    .flatMap(({ nodeIds, detail }) => nodeIds.map((nodeId) => `${nodeName(state, nodeId)}: ${detail}`))
  return {
    code: 'cannot_load',
    reason: `${[failures, ...others].join('; ')}. It is tried again when the model's files change`,
    details,
  }
}

/** `mini`, `the other 2 machines`, `the 3 machines`. */
const subject = (state: State, usable: readonly NodeId[], others: boolean): { who: string; have: string } => {
  const [only] = usable
  return usable.length === 1 && only !== undefined
    ? { who: nodeName(state, only), have: 'has' }
    : { who: others ? `the other ${usable.length}` : `the ${usable.length} machines`, have: 'have' }
}

/** There are groups, but none that holds the model. `free`: of the largest of them, in bytes. */
export const tooLittleMemory = (
  state: State,
  funnel: Funnel,
  usable: readonly NodeId[],
  { free, needed, together }: { free: number; needed: number; together: boolean },
): PlacementRefusal => {
  const { who, have } = subject(state, usable, funnel.hasRemoved)
  // Enough in all, but not on each machine, or not on machines that are connected.
  const most = together ? '' : 'at most '
  return funnel.error(
    'not_enough_memory',
    `${who} ${have} ${most}${gigabytes(free)} free, the model needs ${gigabytes(needed)}`,
    usable,
    { free, needed },
  )
}

/** More pairs than these are counted. */
const MOST_SPOKEN_OF = 3

/**
 * Machines that lack RDMA, or have it only between some of them. The sentence goes on with what each pair lacks, where
 * it is known of Macs; of others it goes without saying.
 */
export const noRdma = (
  state: State,
  funnel: Funnel,
  usable: readonly NodeId[],
  { code, sentence }: { code: PlacementErrorCode; sentence: string },
): PlacementRefusal => {
  const withoutRdma = pairsWithoutRdma(state, usable)
  const isWorthSaying = ({ reasons }: MissingRdma): boolean =>
    reasons.some(({ code: why }) => why !== 'not_a_mac' && why !== 'not_read')
  const told = withoutRdma.filter(isWorthSaying).map(({ nodeIds: [a, b], reasons }) => {
    const names = `${nodeName(state, a)} – ${nodeName(state, b)}`
    // What else is missing is in the details: first things first.
    const foremost = reasons.filter(({ code: why }) => why === reasons[0]?.code)
    return `${names}: ${foremost.map(({ text }) => text).join(', ')}`
  })
  const more = told.length - MOST_SPOKEN_OF
  const others = more > 0 ? [`and ${more} more pair${more === 1 ? '' : 's'}`] : []
  const list = [...told.slice(0, MOST_SPOKEN_OF), ...others].join('; ')
  const error = funnel.error(code, list === '' ? sentence : `${sentence} (${list})`, usable)
  const { details } = error
  return { ...error, ...(details && withoutRdma.length > 0 && { details: { ...details, withoutRdma } }) }
}
