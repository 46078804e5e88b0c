import type { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import type { ApiContext } from './context'

/** A model as it is on some machine's disk; undefined where no machine that is connected has it now. */
export type Found = CatalogueModel | undefined

/** Looks for models here and, where any of them is not here, on the other machines of the cluster. */
export const modelFinder = async (
  { catalogue }: Pick<ApiContext, 'catalogue'>,
  models: readonly ModelId[],
): Promise<(modelId: ModelId) => Found> => {
  const isMissing = (modelId: ModelId): boolean => catalogue.find(modelId) === undefined
  const elsewhere = models.some(isMissing) ? await catalogue.elsewhere() : []
  return (modelId) => catalogue.find(modelId) ?? elsewhere.find((model) => model.modelId === modelId)
}
