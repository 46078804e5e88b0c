import { ModelId } from '@core/ids'
import { MetaInstanceView } from '@core/protocols/control'
import { NodeSettingsView } from '@core/protocols/node-settings'
import { isReady } from '@core/state/bindings'
import { modelsOnDisk } from '@core/state/on-disk'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { readState } from '../api/state'
import type { CommandContext } from '../context'
import { CommandError, NOT_FOUND } from '../exit-codes'
import { declarationBy, declarationsBy, modelBy, modelsBy } from '../names'
import { download } from './download'
import { untilServing } from './loading'

/** `OWNER/NAME`, as models on a hub are called. */
const HUB_NAME = /^[^/\s]+\/[^/\s]+$/

/** Whom to ask among declarations of one model: what serves, else what is not paused. */
const readiest = (state: State, all: readonly MetaInstance[]): MetaInstance | undefined =>
  all.find((one) => ['READY', 'RUNNING'].includes(statusOf(state, one).word)) ?? all.find(({ paused }) => !paused)

/** The declaration that a text stands for; where that is a model with several, the readiest. */
const existing = (state: State, text: string): MetaInstance | undefined => {
  const found = declarationsBy(Object.values(state.metaInstances), text)
  if (found.length === 0) return undefined
  const [first] = found
  const sameModel = found.every(({ modelId }) => modelId === first?.modelId)
  return (sameModel ? readiest(state, found) : undefined) ?? declarationBy(found, text)
}

/** An instance that no declaration keeps serves its model by the model's id. */
const unmanaged = (state: State, text: string): ModelId | undefined => {
  const models = Object.values(state.instances)
    .filter((instance) => instance.metaInstanceId === undefined && isReady(state, instance))
    .map(({ modelId }) => modelId)
  return modelsBy([...new Set(models)], text)[0]
}

/** A model on a disk, or one that is fetched to this node's first. */
const modelOnDisk = async (state: State, text: string, context: CommandContext): Promise<ModelId> => {
  const onDisk = modelsOnDisk(state)
  if (modelsBy(onDisk, text).length > 0) return modelBy(onDisk, text)
  if (!HUB_NAME.test(text))
    throw new CommandError(`There is no declaration and no model called ${text}`, {
      hint: '`muster ps` and `muster ls` list them; `muster pull OWNER/NAME` fetches a model.',
      exitCode: NOT_FOUND,
    })
  const modelId = ModelId.parse(text)
  await download(modelId, {}, context)
  return modelId
}

/**
 * What to ask for, so that it answers now: a declaration that is there, else one that is made for the model. Waits until
 * it serves, with progress on standard error.
 *
 * @param keep makes it a declaration that stays; else it ends when nobody has asked for it for as long as the node says
 * @returns what a request gives as its model
 */
export const serveModel = async (text: string, keep: boolean, context: CommandContext): Promise<string> => {
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
    return known.metaInstanceId
  }
  const running = keep ? undefined : unmanaged(state, text)
  if (running !== undefined) return running
  const modelId = await modelOnDisk(state, text, context)
  const { settings } = await api.ask('/node/settings', NodeSettingsView)
  const onRequest = { idleSeconds: settings.onRequestIdleSeconds }
  const made = await api.ask('/meta_instance', MetaInstanceView, {
    method: 'POST',
    body: { modelId, ...(!keep && { onRequest }) },
  })
  await untilServing(made.metaInstanceId, context)
  return made.metaInstanceId
}
