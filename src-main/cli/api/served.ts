import { z } from 'zod'
import type { NodeApi } from './node-api'

const Served = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      muster: z.object({ modelId: z.string(), state: z.string(), modelKind: z.string().optional() }),
    }),
  ),
})

export interface ServedModel {
  /** Name to use in requests. */
  readonly id: string
  readonly modelId: string
  readonly state: string
}

/** Text models that can be requested: declared ones, and ones that are loaded on request. */
export const readServed = async (api: NodeApi): Promise<readonly ServedModel[]> =>
  (await api.ask('/v1/models', Served)).data
    .filter(({ muster: { modelKind } }) => modelKind !== 'embedding')
    .map(({ id, muster: { modelId, state } }) => ({ id, modelId, state }))
