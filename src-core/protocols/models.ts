import { z } from 'zod'
import { Bytes, ModelId, NodeId } from '../ids'
import { ModelCard, ModelProblemCode } from '../placement/model-card'
import { UnusedCopy } from '../state/unused-models'

/** Schemas of the control API about models: those on disks, on a hub, and on their way. */

/** A model that is on this machine. */
export const CatalogueModel = z.object({
  modelId: ModelId,
  /** For people: `SmolLM2 135M Instruct`. */
  title: z.string(),
  quantization: z.string().optional(),
  /** Whose directory it lies in; we never change or delete what is not `muster`'s. */
  source: z.enum(['muster', 'huggingface', 'lmstudio']),
  starter: z.boolean(),
  path: z.string(),
  card: ModelCard,
  /** Of its files: another one once any of them has changed. */
  fingerprint: z.string().max(100).optional(),
  /** The `model_type` of its configuration. */
  architecture: z.string().optional(),
  /** What it can do beside answering, as its chat template tells. */
  abilities: z.array(z.enum(['tools', 'thinking'])).optional(),
  /** Why it cannot be run as it is (a file is missing, no chat template …). */
  problem: z.string().optional(),
  /** The kind of problem. Older machines do not tell it. */
  problemCode: ModelProblemCode.optional(),
})
export type CatalogueModel = z.infer<typeof CatalogueModel>

/** A model's directory that does not even tell what the model is (its config.json is missing or damaged). */
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
})

/** A model on a hub, as a search finds it. */
export const HubModel = CatalogueModel.pick({ modelId: true, title: true, quantization: true }).extend({
  /** Of its weights, where the hub has counted them. */
  sizeBytes: Bytes.optional(),
  /** In the last month. */
  downloads: z.number().int().nonnegative().optional(),
  /** Its license has to be accepted on the hub first. */
  gated: z.boolean(),
  /** Why it cannot be run. */
  problem: z.string().optional(),
})
export type HubModel = z.infer<typeof HubModel>

/** `GET /models/search`: what the hub has by that name. */
export const HubSearchResponse = z.object({ hub: z.string(), models: z.array(HubModel) })

/** `GET /models/unused`: copies in Muster's own folders that no declaration and no instance uses. */
export const UnusedModelsResponse = z.object({ models: z.array(UnusedCopy), bytes: Bytes })
/** `DELETE /models/unused`: what was deleted of them, and what could not be. */
export const RemovedModelsResponse = z.object({
  removed: z.array(UnusedCopy),
  freedBytes: Bytes,
  failed: z.array(UnusedCopy.extend({ message: z.string() })),
})
export type RemovedModelsResponse = z.infer<typeof RemovedModelsResponse>

/** `POST /models/{id}/download` and `DELETE` of it, which may have no body: on the node that is asked, or on another. */
export const DownloadRequest = z.strictObject({ nodeId: NodeId.optional() })
/** `PATCH /models/{id}/download`: a paused download stands still, also after a restart, until somebody resumes it. */
export const ChangeDownloadRequest = z.strictObject({ paused: z.boolean(), nodeId: NodeId.optional() })
export const DownloadAnswer = z.object({ modelId: ModelId, nodeId: NodeId })
