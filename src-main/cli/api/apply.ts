import { ApplyAnswer, type ApplyRequest } from '@core/protocols/apply'
import type { NodeApi } from './node-api'

/** Applies the documents of one file, or only computes the changes in a dry run. */
export const applyDocuments = (api: NodeApi, request: ApplyRequest): Promise<ApplyAnswer> =>
  api.ask('/meta_instances/apply', ApplyAnswer, { method: 'POST', body: request, withinMs: 60_000 })
