import type { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import type { ApiContext } from './context'

/** Finds a model on any machine's disk; undefined if no connected machine has it. */
export type Found = CatalogueModel | undefined

/** Looks models up here and, if any is missing, on the other machines of the cluster. */
export const modelFinder = async (
  { catalogue }: Pick<ApiContext, 'catalogue'>,
  models: readonly ModelId[],
): Promise<(modelId: ModelId) => Found> => {
  const isMissing = (modelId: ModelId): boolean => catalogue.find(modelId) === undefined
  const elsewhere = models.some(isMissing) ? await catalogue.elsewhere() : []
  return (modelId) => catalogue.find(modelId) ?? elsewhere.find((model) => model.modelId === modelId)
}
