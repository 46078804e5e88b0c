import type { MetaInstanceId, NodeId } from '@core/ids'
import { CreatedMetaInstance } from '@core/protocols/control'
import type { MetaInstance, OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { Api } from '../../api/access'

/** A model that was declared, and how that is taken back. */
export interface Declared {
  readonly metaInstanceId: MetaInstanceId
  /** As it was before, where a request had loaded it; undefined for a new declaration. */
  readonly before: OnRequest | undefined
}

/** The declaration of a model that a request has loaded and nobody keeps. */
export const loadedOnRequest = (
  { metaInstances }: Pick<State, 'metaInstances'>,
  modelId: string,
): MetaInstance | undefined =>
  Object.values(metaInstances).find((one) => one.modelId === modelId && one.onRequest !== undefined)

export interface DeclareOptions {
  readonly modelId: string
  /** Exactly these machines; undefined leaves the choice to Muster. */
  readonly nodeIds?: readonly NodeId[] | undefined
}

/** Keeps a model running. One that a request has loaded is kept as it is, and not loaded twice. Throws ApiError. */
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

/** Takes it back. Throws ApiError. */
export const undeclare = async (api: Pick<Api, 'fetch'>, { metaInstanceId, before }: Declared): Promise<void> => {
  const path = `/meta_instance/${metaInstanceId}`
  await api.fetch(path, before ? { method: 'PATCH', json: { onRequest: before } } : { method: 'DELETE' })
}
