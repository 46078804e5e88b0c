import { z } from 'zod'
import { ModelId } from '@core/ids'
import { ModelKind, type ModelCard } from '@core/placement/model-card'
import { MetaInstanceStatusWord } from '@core/state/status'
import { isReady } from '@core/state/bindings'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import type { ServedModel } from '../served-models'

const MS_PER_SECOND = 1000

/** An entry of `GET /v1/models`: OpenAI's fields, and `muster` with the details of that id. */
export const ListedModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  /** Seconds since the Unix epoch. */
  created: z.number().int(),
  owned_by: z.literal('muster'),
  muster: z.object({
    /** A model (any of its declarations serves), or one declaration by its name. */
    kind: z.enum(['model', 'name']),
    modelId: ModelId,
    /** If a model has several declarations, the state of the most ready. `ON_DISK`: a request loads it. */
    state: z.enum([...MetaInstanceStatusWord.options, 'ON_DISK']),
    /** Whether it generates text or embeddings; absent if no connected machine has the model. */
    modelKind: ModelKind.optional(),
    /** True if it accepts images; absent if not, or if no connected machine has the model. */
    vision: z.literal(true).optional(),
    /** Context length, prompt and completion together; absent if no connected machine has the model. */
    contextLength: z.number().int().positive().optional(),
  }),
})
export type ListedModel = z.infer<typeof ListedModel>

export const ListedModels = z.object({ object: z.literal('list'), data: z.array(ListedModel) })

export interface ModelSources {
  readonly state: State
  readonly cardOf: (modelId: ModelId) => ModelCard | undefined
}

/** Sort order: soonest to answer first. */
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
  'OFF_HOURS',
  'PAUSED',
]

/** Builds an entry of the list. */
export const listedModel = ({ state, cardOf }: ModelSources, served: ServedModel): ListedModel => {
  const { name, modelId, createdAt, target } = served
  const words = new Set([
    ...target.metaInstances.map((declared) => statusOf(state, declared).word),
    ...target.instances
      .filter(({ metaInstanceId }) => metaInstanceId === undefined)
      .map((instance) => (isReady(state, instance) ? 'READY' : 'LOADING')),
  ])
  const card = cardOf(modelId)
  return {
    id: name,
    object: 'model',
    created: Math.floor(createdAt / MS_PER_SECOND),
    owned_by: 'muster',
    muster: {
      kind: modelId === name ? 'model' : 'name',
      modelId,
      state: READIEST_FIRST.find((word) => words.has(word)) ?? 'ON_DISK',
      ...(card && { modelKind: card.kind ?? 'text' }),
      ...(card?.vision && { vision: true as const }),
      ...(card?.contextLength !== undefined && { contextLength: card.contextLength }),
    },
  }
}
