import type { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'

/** A folder that may hold a model. */
export interface Candidate {
  readonly modelId: ModelId
  readonly path: string
  readonly source: CatalogueModel['source']
}
