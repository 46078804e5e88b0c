import type { MetaInstanceId, ModelId } from '@core/ids'
import type { CatalogueModel, MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import type { ApiContext } from '../context'
import { Problem } from '../problem'

/** A declaration with its status. Throws Problem for an unknown id. */
export const viewOf = (state: State, id: MetaInstanceId): MetaInstanceView => {
  const metaInstance = state.metaInstances[id]
  if (!metaInstance)
    throw new Problem(404, 'not_found', `There is no meta-instance with the id ${id}`, {
      hint: 'GET /meta_instances lists them.',
    })
  const { status, detail } = statusOf(state, metaInstance)
  return { ...metaInstance, status, statusDetail: detail }
}

/** A model as this machine has it, else as another one does. */
export const findModel = async (
  catalogue: ApiContext['catalogue'],
  modelId: ModelId,
): Promise<CatalogueModel | undefined> =>
  catalogue.find(modelId) ?? (await catalogue.elsewhere()).find((model) => model.modelId === modelId)

/** A model that can be run. Throws Problem: one that is not here or is damaged never becomes a declaration. */
export const usableModel = async ({ catalogue }: ApiContext, modelId: ModelId): Promise<CatalogueModel> => {
  // Somebody may have put it there this moment.
  if (!catalogue.find(modelId)) await catalogue.refresh()
  const model = await findModel(catalogue, modelId)
  const unreadable = catalogue.unreadable().find((one) => one.modelId === modelId)
  if (!model && unreadable)
    throw new Problem(400, 'damaged_model', `${modelId} cannot be run: ${unreadable.problem}`, { param: 'modelId' })
  if (!model) {
    throw new Problem(400, 'unknown_model', `The model ${modelId} is on no machine that is connected`, {
      hint: 'GET /models lists those that are.',
      param: 'modelId',
    })
  }
  if (model.problem !== undefined)
    throw new Problem(400, 'damaged_model', `${modelId} cannot be run: ${model.problem}`, { param: 'modelId' })
  return model
}
