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
  /** As a request names it. */
  readonly id: string
  readonly modelId: string
  readonly state: string
}

/** All that writes and can be asked for: what is declared, and what a request loads. */
export const readServed = async (api: NodeApi): Promise<readonly ServedModel[]> =>
  (await api.ask('/v1/models', Served)).data
    .filter(({ muster: { modelKind } }) => modelKind !== 'embedding')
    .map(({ id, muster: { modelId, state } }) => ({ id, modelId, state }))
