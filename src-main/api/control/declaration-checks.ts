import { nameKey } from '@core/declarations/names'
import { meshProblem } from '@core/placement/mesh-limit'
import { adapterProblem, contextProblem, draftProblem } from '@core/placement/refusal'
import type { ModelCard } from '@core/placement/model-card'
import { leastNodes } from '@core/state/least-nodes'
import type { Constraints } from '@core/state/meta-instances'
import type { ApiContext } from '../context'
import { Problem } from '../problem'
import { declaredCard } from './views'

export type Wanted = Pick<
  Constraints,
  'modelId' | 'sharding' | 'minNodes' | 'instanceMeta' | 'nodeIds' | 'draftModelId' | 'adapterId' | 'maxContext'
>

const sharesTensors = (wanted: Wanted): boolean => wanted.sharding === 'Tensor' && leastNodes(wanted) > 1

/**
 * Whether a change depends on the model's files. A declaration with a damaged or missing model can still be paused,
 * renamed or moved.
 */
const asksOfModel = (known: Wanted, wanted: Wanted): boolean =>
  wanted.modelId !== known.modelId ||
  wanted.draftModelId !== known.draftModelId ||
  wanted.adapterId !== known.adapterId ||
  (sharesTensors(wanted) && !sharesTensors(known))

/** Throws Problem for more context than the model has. */
export const fitsContext = (card: ModelCard, wanted: Pick<Wanted, 'maxContext'>): void => {
  const tooLong = contextProblem(card, wanted)
  if (tooLong)
    throw new Problem(400, tooLong.code, tooLong.reason, {
      hint: 'Give a "maxContext" of at most that, or leave it out.',
      param: 'maxContext',
    })
}

/** Checks a changed context where the model can be read: one that cannot be read still takes other changes. */
const fitsChangedContext = async (context: ApiContext, wanted: Wanted, known: Wanted): Promise<void> => {
  if (wanted.maxContext === known.maxContext) return
  const card = await declaredCard(context, wanted).catch((error: unknown) => {
    if (error instanceof Problem) return undefined
    throw error
  })
  if (card) fitsContext(card, wanted)
}

/**
 * Throws Problem for a declaration that no cluster could ever run. `known`: the existing declaration, if it is being
 * changed.
 */
export const neverPossible = async (context: ApiContext, wanted: Wanted, known?: Wanted): Promise<void> => {
  const tooMany = meshProblem(wanted)
  if (tooMany) throw new Problem(400, tooMany.code, tooMany.reason)
  if (known && !asksOfModel(known, wanted)) return fitsChangedContext(context, wanted, known)
  const { modelId } = wanted
  const card = await declaredCard(context, wanted)
  if (wanted.modelId !== known?.modelId || wanted.maxContext !== known.maxContext) fitsContext(card, wanted)
  const unsuitable = draftProblem(card)
  if (unsuitable) throw new Problem(400, unsuitable.code, unsuitable.reason, { param: 'draftModelId' })
  const untaken = adapterProblem(card)
  if (untaken) throw new Problem(400, untaken.code, untaken.reason, { param: 'adapterId' })
  if (sharesTensors(wanted) && wanted.adapterId !== undefined)
    throw new Problem(400, 'tensor_unsupported', `${modelId} cannot be shared out by tensors with a LoRA adapter`, {
      hint: 'Use "sharding": "Pipeline", or merge the adapter into the model with mlx_lm.fuse.',
      param: 'sharding',
    })
  if (sharesTensors(wanted) && !card.supportsTensor) {
    throw new Problem(400, 'tensor_unsupported', `${modelId} does not support Tensor sharding`, {
      hint: 'Use "sharding": "Pipeline".',
      param: 'sharding',
    })
  }
}

/**
 * A name that equals a model id would hide that model once it is declared. The core checks the names of existing
 * declarations.
 */
export const namedAsModel = async (
  { catalogue }: ApiContext,
  name: string | null | undefined,
  known?: string | undefined,
): Promise<void> => {
  if (name === undefined || name === null || name === known) return
  const key = nameKey(name)
  const models = [
    ...catalogue.list(),
    ...catalogue.adapters(),
    ...catalogue.unreadable(),
    ...(await catalogue.elsewhere()),
  ]
  const model = models.find(({ modelId }) => nameKey(modelId) === key)
  if (model)
    throw new Problem(409, 'conflict', `The name "${name}" is the id of the model ${model.modelId}`, {
      hint: 'Choose another name.',
      param: 'name',
    })
}
