import type { z } from 'zod'
import { ModelsResponse } from '@core/protocols/models'
import type { NodeApi } from './node-api'

/** The models of the cluster. The node looks through its folders and asks the other machines first. */
export const readModels = (api: NodeApi): Promise<z.infer<typeof ModelsResponse>> => api.ask('/models', ModelsResponse)
