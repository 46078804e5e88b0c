import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { PlacementError } from '../state/meta-instances'
import type { State } from '../state/state'
import { gigabytes, type Funnel } from './funnel'
import type { ModelCard } from './model-card'
import type { PlacementRequest } from './place'

/** Why a model cannot be shared out like this over so many machines; undefined where it can. */
export const shardingProblem = (
  { modelId, layers, hiddenSize, kvHeads, supportsTensor, supportsPipeline }: ModelCard,
  { sharding }: Pick<PlacementRequest, 'sharding'>,
  size: number,
): PlacementError | undefined => {
  if (size === 1) return undefined
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
): PlacementError => {
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
