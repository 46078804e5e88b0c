import type { z } from 'zod'
import { ModelsResponse } from '@core/protocols/models'
import type { NodeApi } from './node-api'

/** Lists the cluster's models; the node first rescans its folders and asks the other machines. */
export const readModels = (api: NodeApi): Promise<z.infer<typeof ModelsResponse>> => api.ask('/models', ModelsResponse)
