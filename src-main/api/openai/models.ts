import { z } from 'zod'
import { targetOf } from '@core/generation/route'
import { ModelId } from '@core/ids'
import { MetaInstanceStatusWord } from '@core/protocols/control'
import { isReady } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'

const MS_PER_SECOND = 1000

/** One entry of `GET /v1/models`: OpenAI's fields, and under `muster` what its id stands for. */
export const ListedModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  /** Seconds since the Unix epoch. */
  created: z.number().int(),
  owned_by: z.literal('muster'),
  muster: z.object({
    /** A model, whichever of its declarations serves, or one declaration by its name. */
    kind: z.enum(['model', 'name']),
    modelId: ModelId,
    /** Of several declarations of one model the one that is readiest. */
    state: MetaInstanceStatusWord,
    /** Most tokens of prompt and answer together; absent where this machine does not have the model. */
    contextLength: z.number().int().positive().optional(),
  }),
})
export type ListedModel = z.infer<typeof ListedModel>

export const ListedModels = z.object({ object: z.literal('list'), data: z.array(ListedModel) })

export interface ModelSources {
  readonly state: State
  readonly contextLengthOf: (modelId: ModelId) => number | undefined
}

/** What answers soonest comes first. */
const READIEST_FIRST: readonly MetaInstanceStatusWord[] = [
  'READY',
  'RUNNING',
  'WARMING_UP',
  'LOADING',
  'DOWNLOADING',
  'CONNECTING',
  'RETRYING',
  'PLACING',
  'PLACEMENT_FAILED',
  'PAUSED',
]

/** What a request for `id` would be served by, as an entry of the list; undefined where that is nothing. */
export const listedModel = ({ state, contextLengthOf }: ModelSources, id: string): ListedModel | undefined => {
  const { metaInstances, instances } = targetOf(state, id)
  const [first] = [...metaInstances, ...instances]
  if (!first) return undefined
  const { modelId, createdAt } = first
  const words = new Set([
    ...metaInstances.map((declared) => statusOf(state, declared).word),
    ...instances
      .filter(({ metaInstanceId }) => metaInstanceId === undefined)
      .map((instance) => (isReady(state, instance) ? 'READY' : 'LOADING')),
  ])
  const contextLength = contextLengthOf(modelId)
  return {
    id,
    object: 'model',
    created: Math.floor(createdAt / MS_PER_SECOND),
    owned_by: 'muster',
    muster: {
      kind: modelId === id ? 'model' : 'name',
      modelId,
      state: READIEST_FIRST.find((word) => words.has(word)) ?? 'PLACING',
      ...(contextLength !== undefined && { contextLength }),
    },
  }
}

/** All that can be asked for, each id once: declarations by model and by name, then what nothing keeps. */
export const listedModels = (sources: ModelSources): ListedModel[] => {
  const { metaInstances, instances } = sources.state
  const ids = new Set([
    ...Object.values(metaInstances).flatMap(({ modelId, name }) => (name === undefined ? [modelId] : [modelId, name])),
    ...Object.values(instances).map(({ modelId }) => modelId),
  ])
  return [...ids].flatMap((id) => listedModel(sources, id) ?? [])
}
