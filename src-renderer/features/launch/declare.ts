import type { MetaInstanceId, NodeId } from '@core/ids'
import { CreatedMetaInstance } from '@core/protocols/control'
import type { MetaInstance, OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { Api } from '../../api/access'

/** A declared model and how to undo it. */
export interface Declared {
  readonly metaInstanceId: MetaInstanceId
  /** Its lifetime before, if it was loaded on request; undefined for a new declaration. */
  readonly before: OnRequest | undefined
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
    return { metaInstanceId, before: undefined }
  }
  const { metaInstanceId, onRequest: before } = loaded
  await api.fetch(`/meta_instance/${metaInstanceId}`, { method: 'PATCH', json: { keep: true, ...where } })
  return { metaInstanceId, before }
}

/** Undoes `declare`. Throws ApiError. */
export const undeclare = async (api: Pick<Api, 'fetch'>, { metaInstanceId, before }: Declared): Promise<void> => {
  const path = `/meta_instance/${metaInstanceId}`
  await api.fetch(path, before ? { method: 'PATCH', json: { onRequest: before } } : { method: 'DELETE' })
}
