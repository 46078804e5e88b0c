import type { MetaInstanceId, NodeId } from '@core/ids'
import { CreatedMetaInstance } from '@core/protocols/control'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { Api } from '../../api/access'

/** A declared model. */
export interface Declared {
  readonly metaInstanceId: MetaInstanceId
  /** False if a request had loaded it: then it was made permanent, which cannot be taken back. */
  readonly isNew: boolean
}

/** The on-request declaration of a model. */
export const loadedOnRequest = (
  { metaInstances }: Pick<State, 'metaInstances'>,
  modelId: string,
): MetaInstance | undefined =>
  Object.values(metaInstances).find((one) => one.modelId === modelId && one.onRequest !== undefined)

export interface DeclareOptions {
  readonly modelId: string
  /** Exactly these machines; undefined leaves placement to Muster. */
  readonly nodeIds?: readonly NodeId[] | undefined
}

/** Declares a model permanently. One that is loaded on request is made permanent instead of loaded twice. Throws ApiError. */
export const declare = async (
  api: Pick<Api, 'post' | 'fetch'>,
  state: Pick<State, 'metaInstances'>,
  { modelId, nodeIds }: DeclareOptions,
): Promise<Declared> => {
  const where = nodeIds === undefined ? {} : { nodeIds: [...nodeIds] }
  const loaded = loadedOnRequest(state, modelId)
  if (!loaded) {
    const { metaInstanceId } = await api.post('/meta_instance', { modelId, ...where }, CreatedMetaInstance)
    return { metaInstanceId, isNew: true }
  }
  const { metaInstanceId } = loaded
  await api.fetch(`/meta_instance/${metaInstanceId}`, { method: 'PATCH', json: { keep: true, ...where } })
  return { metaInstanceId, isNew: false }
}
