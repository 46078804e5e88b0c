import { z } from 'zod'
import { Bytes, ModelId, NodeId } from '../ids'
import { ModelCard, ModelProblemCode } from '../placement/model-card'
import { UnusedCopy } from '../state/unused-models'
import { CodedText } from '../texts/coded'

/** Schemas of the control API for models: on disk, on the hub, and downloading. */

/** A model on this machine. */
export const CatalogueModel = z.object({
  modelId: ModelId,
  /** For people: `SmolLM2 135M Instruct`. */
  title: z.string(),
  quantization: z.string().optional(),
  /** Owner of its directory; only files of `muster` are ever changed or deleted. */
  source: z.enum(['muster', 'huggingface', 'lmstudio', 'modelscope']),
  starter: z.boolean(),
  path: z.string(),
  card: ModelCard,
  /** Fingerprint of its files; changes with any of them. */
  fingerprint: z.string().max(100).optional(),
  /** The `model_type` of its configuration. */
  architecture: z.string().optional(),
  /** Optional abilities, according to its chat template. */
  abilities: z.array(z.enum(['tools', 'thinking'])).optional(),
  /** Why it cannot run (a file is missing, no chat template …). */
  problem: z.string().optional(),
  /** Kind of problem; absent from older machines. */
  problemCode: ModelProblemCode.optional(),
})
export type CatalogueModel = z.infer<typeof CatalogueModel>

/** A LoRA adapter on this machine. It changes the answers of a model and is not a model itself. */
export const CatalogueAdapter = CatalogueModel.pick({
  modelId: true,
  title: true,
  source: true,
  path: true,
  fingerprint: true,
  problem: true,
  problemCode: true,
}).extend({
  /** Size of its weights. */
  storageBytes: Bytes,
  /** The model that it was trained for, as its configuration names it. */
  baseModel: z.string().max(1000).optional(),
})
export type CatalogueAdapter = z.infer<typeof CatalogueAdapter>

/** A model's directory whose config.json is missing or damaged. */
export const UnreadableModel = CatalogueModel.pick({
  modelId: true,
  source: true,
  path: true,
  problemCode: true,
}).extend({
  problem: z.string(),
})
export type UnreadableModel = z.infer<typeof UnreadableModel>

export const ModelsResponse = z.object({
  models: z.array(CatalogueModel),
  unreadable: z.array(UnreadableModel).optional(),
  /** On this machine. */
  adapters: z.array(CatalogueAdapter).optional(),
})

/** A model found on the hub. */
export const HubModel = CatalogueModel.pick({ modelId: true, title: true, quantization: true }).extend({
  /** Size of its weights, if the hub reports it. */
  sizeBytes: Bytes.optional(),
  /** In the last month. */
  downloads: z.number().int().nonnegative().optional(),
  /** Its license must be accepted on the hub first. */
  gated: z.boolean(),
  /** Why it cannot run, in English; `coded` says it in other languages. */
  problem: z.string().optional(),
  coded: CodedText,
})
export type HubModel = z.infer<typeof HubModel>

/** `GET /models/search`: hub models that match the query. */
export const HubSearchResponse = z.object({ hub: z.string(), models: z.array(HubModel) })

/** `GET /models/unused`: copies in Muster's own folders that no declaration and no instance uses. */
export const UnusedModelsResponse = z.object({ models: z.array(UnusedCopy), bytes: Bytes })
/** `DELETE /models/unused`: the copies deleted, and those that could not be. */
export const RemovedModelsResponse = z.object({
  removed: z.array(UnusedCopy),
  freedBytes: Bytes,
  failed: z.array(UnusedCopy.extend({ message: z.string(), code: z.string().optional() })),
})
export type RemovedModelsResponse = z.infer<typeof RemovedModelsResponse>

/** `POST` and `DELETE /models/{id}/download`, on this node or another; the body may be empty. */
export const DownloadRequest = z.strictObject({ nodeId: NodeId.optional() })
/** `POST /models`: the same, of a model that the body names. */
export const AddModelRequest = DownloadRequest.extend({ modelId: ModelId })
/** `PATCH /models/{id}/download`: a paused download stays paused across restarts until it is resumed. */
export const ChangeDownloadRequest = z.strictObject({ paused: z.boolean(), nodeId: NodeId.optional() })
export const DownloadAnswer = z.object({ modelId: ModelId, nodeId: NodeId })
