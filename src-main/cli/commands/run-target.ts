import type { ModelId } from '@core/ids'
import { MetaInstanceView } from '@core/protocols/control'
import { NodeSettingsView } from '@core/protocols/node-settings'
import { isReady } from '@core/state/bindings'
import { modelsOnDisk } from '@core/state/on-disk'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { readState } from '../api/state'
import type { CommandContext } from '../context'
import { declarationBy, declarationsBy, modelBy, modelIdOf, modelsBy, notFound } from '../names'
import { download } from './download'
import { untilServing } from './loading'

/** `OWNER/NAME`, as models on a hub are called. */
const HUB_NAME = /^[^/\s]+\/[^/\s]+$/

/** Picks among declarations of one model: a ready one, else one that is not paused. */
const bestOf = (state: State, all: readonly MetaInstance[]): MetaInstance | undefined =>
  all.find((one) => ['READY', 'RUNNING'].includes(statusOf(state, one).word)) ?? all.find(({ paused }) => !paused)

/** The declaration that a text names; for a model with several, the best of them. */
const existing = (state: State, text: string): MetaInstance | undefined => {
  const found = declarationsBy(Object.values(state.metaInstances), text)
  if (found.length === 0) return undefined
  const [first] = found
  const sameModel = found.every(({ modelId }) => modelId === first?.modelId)
  return (sameModel ? bestOf(state, found) : undefined) ?? declarationBy(found, text)
}

/** The model of an instance without a declaration, which is requested by its model id. */
const unmanaged = (state: State, text: string): ModelId | undefined => {
  const models = Object.values(state.instances)
    .filter((instance) => instance.metaInstanceId === undefined && isReady(state, instance))
    .map(({ modelId }) => modelId)
  return modelsBy([...new Set(models)], text)[0]
}

/** A model on a disk of the cluster; otherwise downloads it to this node. */
const modelOnDisk = async (state: State, text: string, context: CommandContext): Promise<ModelId> => {
  const onDisk = modelsOnDisk(state)
  if (modelsBy(onDisk, text).length > 0) return modelBy(onDisk, text)
  if (!HUB_NAME.test(text))
    throw notFound({
      text,
      noun: 'declaration or model',
      hint: '`muster ps` and `muster ls` list them; `muster pull OWNER/NAME` downloads a model.',
      known: [...Object.values(state.metaInstances).flatMap(({ name, modelId }) => [name, modelId]), ...onDisk],
    })
  const modelId = modelIdOf(text)
  await download(modelId, {}, context)
  return modelId
}

/** The name of a model in requests, and its name for users. */
export interface ServedModel {
  readonly model: string
  readonly label: string
}

/**
 * Resolves the user's text to a model that can be requested: an existing declaration, else a new one for the model.
 * Waits until it is ready, with progress on standard error.
 *
 * @param keep creates a permanent declaration; otherwise it ends after the node's idle time
 */
export const serveModel = async (text: string, keep: boolean, context: CommandContext): Promise<ServedModel> => {
  const { api } = context
  const state = await readState(api)
  const known = existing(state, text)
  if (known) {
    if (keep && known.onRequest)
      await api.tell(`/meta_instance/${encodeURIComponent(known.metaInstanceId)}`, {
        method: 'PATCH',
        body: { keep: true },
      })
    await untilServing(known.metaInstanceId, context)
    return { model: known.metaInstanceId, label: known.name ?? known.modelId }
  }
  const running = keep ? undefined : unmanaged(state, text)
  if (running !== undefined) return { model: running, label: running }
  const modelId = await modelOnDisk(state, text, context)
  const { settings } = await api.ask('/node/settings', NodeSettingsView)
  const onRequest = { idleSeconds: settings.onRequestIdleSeconds }
  const made = await api.ask('/meta_instance', MetaInstanceView, {
    method: 'POST',
    body: { modelId, ...(!keep && { onRequest }) },
  })
  await untilServing(made.metaInstanceId, context)
  return { model: made.metaInstanceId, label: modelId }
}
