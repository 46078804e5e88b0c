import type { ModelId } from '@core/ids'
import type { ApiContext } from '../context'
import { modelFinder } from '../model-finder'
import { servable, servedModels, type ServedModel } from '../served-models'
import { listedModel, type ListedModel } from './models'

type Needed = Pick<ApiContext, 'source' | 'serving' | 'catalogue'>

/** Models as `GET /v1/models` lists them. */
export const listed = async (context: Needed, models: readonly ServedModel[]): Promise<ListedModel[]> => {
  const ids = models.map(({ modelId }) => modelId)
  const find = await modelFinder(context, ids)
  const from = { state: context.source.state(), cardOf: (modelId: ModelId) => find(modelId)?.card }
  return models.map((served) => listedModel(from, served))
}

/** All available models, in OpenAI's list format. */
export const modelList = async (context: Needed): Promise<{ object: 'list'; data: ListedModel[] }> => ({
  object: 'list',
  data: await listed(context, servedModels(servable(context))),
})
