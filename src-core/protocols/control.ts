import { FailedPreview, Preview } from '../placement/preview'
import { z } from 'zod'
import { MetaInstanceId, ModelId, NodeId } from '../ids'
import { GivenMachines } from '../identity/given-machines'
import { givenName } from '../settings/given-name'
import { GivenHours } from '../schedules/hours'
import { Labels } from '../state/labels'
import {
  Concurrency,
  DEFAULT_PREFERENCE,
  InstanceMeta,
  KvBits,
  MetaInstance,
  MetaInstanceChanges,
  OnRequest,
  Owner,
  PlacementPreference,
  Replicas,
  Sharding,
} from '../state/meta-instances'
import { Warning } from '../warnings/warning'

/** Schemas of the control API, used by the app, the command line and other programs. */

const sharding = Sharding.default('Pipeline')
const instanceMeta = InstanceMeta.default('MlxRing')
const placementPreference = PlacementPreference.default(DEFAULT_PREFERENCE)

export const PlaceInstanceRequest = z.strictObject({
  modelId: ModelId,
  sharding,
  instanceMeta,
  minNodes: z.number().int().min(1).max(1024).optional(),
  nodeIds: GivenMachines.optional(),
  placementPreference,
  maxContext: z.number().int().positive().optional(),
  concurrency: Concurrency.optional(),
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer, for speculative decoding. */
  draftModelId: ModelId.optional(),
  /** A LoRA adapter of this model, applied when it is loaded. Clients ask for its id, or for the declaration's name. */
  adapterId: ModelId.optional(),
})
export type PlaceInstanceRequest = z.infer<typeof PlaceInstanceRequest>

const AliasName = givenName(100)

/** As the state has it, without unknown fields: a misspelt idle time would keep the model for ever. */
const GivenOnRequest = z.strictObject(OnRequest.shape)

export const CreateMetaInstanceRequest = PlaceInstanceRequest.extend({
  /** An alias that every API accepts as a model id. */
  name: AliasName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean().default(false),
  /** Number of instances, each on its own machines; default 1. With more, `nodeIds` is the pool for all of them. */
  replicas: Replicas.optional(),
  /** When the model is in memory; default always. */
  hours: GivenHours.optional(),
  /** Makes it temporary: it ends after an idle time. */
  onRequest: GivenOnRequest.optional(),
})
export type CreateMetaInstanceRequest = z.infer<typeof CreateMetaInstanceRequest>

/** Any constraint; `null` clears it. */
export const UpdateMetaInstanceRequest = z.strictObject({
  ...MetaInstanceChanges.shape,
  name: AliasName.nullable().optional(),
  sharding: MetaInstanceChanges.shape.sharding.unwrap().nullable().optional(),
  instanceMeta: MetaInstanceChanges.shape.instanceMeta.unwrap().nullable().optional(),
  minNodes: MetaInstanceChanges.shape.minNodes.unwrap().nullable().optional(),
  nodeIds: GivenMachines.nullable().optional(),
  placementPreference: MetaInstanceChanges.shape.placementPreference.unwrap().nullable().optional(),
  hours: GivenHours.nullable().optional(),
  onRequest: GivenOnRequest.nullable().optional(),
  pinned: z.boolean().optional(),
  /** Makes a temporary one always on. */
  keep: z.literal(true).optional(),
})
export type UpdateMetaInstanceRequest = z.infer<typeof UpdateMetaInstanceRequest>

/** A declaration with its derived status. `status` includes the retry count: `RETRYING (1/3)`. */
export const MetaInstanceView = MetaInstance.extend({ status: z.string(), statusDetail: z.string() })
export type MetaInstanceView = z.infer<typeof MetaInstanceView>

export const PreviewResponse = z.object({ previews: z.array(z.union([Preview, FailedPreview])) })
export type PreviewResponse = z.infer<typeof PreviewResponse>

/** Error body of control routes: what happened, why, and what to do. */
export const ControlError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** What the caller can do about it. */
    hint: z.string().optional(),
    details: z.unknown().optional(),
  }),
})
export type ControlError = z.infer<typeof ControlError>

export const CreatedMetaInstance = z.object({ metaInstanceId: MetaInstanceId })

/** The single line that a headless node prints when its API is up. */
export const ReadyLine = z.object({
  ready: z.literal(true),
  url: z.string(),
  nodeId: NodeId,
  /** The same API on Ollama's port, if requested and free. */
  ollamaUrl: z.string().optional(),
})

/** `GET /warnings`: problems people can act on, most severe first. */
export const WarningsResponse = z.object({ warnings: z.array(Warning) })
export type WarningsResponse = z.infer<typeof WarningsResponse>
