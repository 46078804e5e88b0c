import { FailedPreview, Preview } from '../placement/preview'
import { z } from 'zod'
import { Bytes, InstanceId, MetaInstanceId, ModelId, NodeId } from '../ids'
import { ModelCard, ModelProblemCode } from '../placement/model-card'
import { givenName, GivenName } from '../settings/given-name'
import { LoadOnRequest, NodeSettings } from '../settings/node'
import { GivenHours } from '../schedules/hours'
import { Labels } from '../state/labels'
import { UnusedCopy } from '../state/unused-models'
import {
  Concurrency,
  DEFAULT_PREFERENCE,
  InstanceMeta,
  KvBits,
  MetaInstance,
  OnRequest,
  Owner,
  PlacementPreference,
  Replicas,
  Sharding,
} from '../state/meta-instances'
import { Warning } from '../warnings/warning'

/** Schemas of the control API: what the app, the command line and other programs say to a node and hear from it. */

const sharding = Sharding.default('Pipeline')
const instanceMeta = InstanceMeta.default('MlxRing')
const placementPreference = PlacementPreference.default(DEFAULT_PREFERENCE)

export const PlaceInstanceRequest = z.strictObject({
  modelId: ModelId,
  sharding,
  instanceMeta,
  minNodes: z.number().int().min(1).max(1024).optional(),
  nodeIds: z.array(NodeId).min(1).optional(),
  placementPreference,
  maxContext: z.number().int().positive().optional(),
  concurrency: Concurrency.optional(),
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer, which guesses next tokens for this one. */
  draftModelId: ModelId.optional(),
})
export type PlaceInstanceRequest = z.infer<typeof PlaceInstanceRequest>

const AliasName = givenName(100)

export const CreateMetaInstanceRequest = PlaceInstanceRequest.extend({
  /** An alias that every API takes as a model id. */
  name: AliasName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean().default(false),
  /** How many instances, each on machines of its own; one without it. `nodeIds` are then shared out among them. */
  replicas: Replicas.optional(),
  /** When it is in memory; always without it. */
  hours: GivenHours.optional(),
  /** A temporary one, that ends when nobody asks for it. */
  onRequest: OnRequest.optional(),
})
export type CreateMetaInstanceRequest = z.infer<typeof CreateMetaInstanceRequest>

/** Any constraint; `null` clears. */
export const UpdateMetaInstanceRequest = z.strictObject({
  name: AliasName.nullable().optional(),
  owner: Owner.nullable().optional(),
  labels: Labels.nullable().optional(),
  modelId: ModelId.optional(),
  sharding: Sharding.optional(),
  instanceMeta: InstanceMeta.optional(),
  minNodes: z.number().int().min(1).max(1024).nullable().optional(),
  nodeIds: z.array(NodeId).min(1).nullable().optional(),
  placementPreference: PlacementPreference.optional(),
  maxContext: z.number().int().positive().nullable().optional(),
  concurrency: Concurrency.nullable().optional(),
  kvBits: KvBits.nullable().optional(),
  draftModelId: ModelId.nullable().optional(),
  paused: z.boolean().optional(),
  replicas: Replicas.nullable().optional(),
  hours: GivenHours.nullable().optional(),
  /** Of a temporary one; `null` keeps it always on. */
  onRequest: OnRequest.nullable().optional(),
  pinned: z.boolean().optional(),
  /** Keep a temporary one always on. */
  keep: z.literal(true).optional(),
})
export type UpdateMetaInstanceRequest = z.infer<typeof UpdateMetaInstanceRequest>

/** A declaration with its derived status. `status` of a retry carries its count: `RETRYING (1/3)`. */
export const MetaInstanceView = MetaInstance.extend({ status: z.string(), statusDetail: z.string() })
export type MetaInstanceView = z.infer<typeof MetaInstanceView>

export const PreviewResponse = z.object({ previews: z.array(z.union([Preview, FailedPreview])) })
export type PreviewResponse = z.infer<typeof PreviewResponse>

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

/** Errors of control routes: what happened, why, what to do. */
export const ControlError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** What the person or program can do about it. */
    hint: z.string().optional(),
    details: z.unknown().optional(),
  }),
})
export type ControlError = z.infer<typeof ControlError>

export const CreatedMetaInstance = z.object({ metaInstanceId: MetaInstanceId })
export const CreatedInstance = z.object({ instanceId: InstanceId })

/** The one line a headless node prints when its API answers. */
export const ReadyLine = z.object({
  ready: z.literal(true),
  url: z.string(),
  nodeId: NodeId,
  /** The same API at Ollama's port, where it was asked for and is free. */
  ollamaUrl: z.string().optional(),
})

/** `POST /cluster/invite`, which may have no body. */
export const InviteRequest = z.strictObject({
  /** Milliseconds; ten minutes where it is not given, which is also the most. */
  validForMs: z.number().int().min(1000).max(600_000).optional(),
})
export const InviteAnswer = z.object({ token: z.string(), expiresAt: z.number() })
export type InviteAnswer = z.infer<typeof InviteAnswer>

/** `POST /cluster/join`: by a token, by a node that is near, or by an address (`host:port`). */
export const JoinRequest = z.union([
  z.strictObject({ token: z.string().min(1).max(10_000) }),
  z.strictObject({ nodeId: NodeId }),
  z.strictObject({ address: z.string().min(1).max(300) }),
])

/** `POST /cluster/measure`: how much the connections between two members carry, as `from` sees it. */
export const MeasureRequest = z.strictObject({ from: NodeId, to: NodeId })

/** `POST /cluster/requests/{id}` */
export const AdmissionAnswer = z.strictObject({ allow: z.boolean() })

const JoinState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('asking') }),
  /** Both machines show these digits; somebody there has to allow it. */
  z.object({ state: z.literal('waiting'), digits: z.string(), clusterName: z.string(), friendlyName: z.string() }),
  z.object({ state: z.literal('joined') }),
  z.object({ state: z.literal('failed'), code: z.string(), reason: z.string(), hint: z.string() }),
])

/** `GET /cluster`: what this machine knows of its cluster and of others near it. */
export const ClusterView = z.object({
  nodeId: NodeId,
  clusterId: z.string(),
  name: z.string(),
  masterNodeId: NodeId.optional(),
  role: z.enum(['master', 'follower', 'seeking', 'stepped-down']),
  members: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      /** This machine has a link to it, or is it. */
      linked: z.boolean(),
      /** Why there is no link, as the last call ended. */
      failure: z.string().optional(),
      /** Two machines are up with its identity. */
      duplicated: z.boolean(),
    }),
  ),
  /** Nodes on the local network that belong to other clusters. What they say of themselves is not proved. */
  nearby: z.array(
    z.object({
      nodeId: NodeId,
      clusterId: z.string(),
      version: z.string(),
      /** As it calls itself. */
      friendlyName: z.string().optional(),
      addresses: z.array(z.string()),
    }),
  ),
  /** Machines that ask to be let in here. */
  asking: z.array(z.object({ requestId: z.string(), nodeId: NodeId, friendlyName: z.string(), digits: z.string() })),
  joining: JoinState.optional(),
})
export type ClusterView = z.infer<typeof ClusterView>

/** `PATCH /cluster` */
export const RenameClusterRequest = z.strictObject({ name: GivenName })

/** `PATCH /cluster/members/{nodeId}` */
export const RenameMemberRequest = z.strictObject({ friendlyName: GivenName })

/** `POST /cluster/members/{id}/drain`: moves its models elsewhere and keeps others away; `false` takes that back. */
export const DrainRequest = z.strictObject({ drained: z.boolean().default(true) })

/** How far a machine is drained: what is still on it, and why it does not move where that is known. */
export const DrainView = z.object({
  nodeId: NodeId,
  drained: z.boolean(),
  /** Drained, and nothing is left: it may sleep, be updated or be switched off. */
  empty: z.boolean(),
  remaining: z.array(
    z.object({
      instanceId: InstanceId,
      metaInstanceId: MetaInstanceId.optional(),
      label: z.string(),
      stuck: z.string().optional(),
    }),
  ),
})
export type DrainView = z.infer<typeof DrainView>

/** What would become of each declaration, were a machine gone. */
export const WhatIfView = z.object({
  machines: z.array(
    z.object({
      nodeId: NodeId,
      friendlyName: z.string(),
      declarations: z.array(
        z.object({
          metaInstanceId: MetaInstanceId,
          name: z.string(),
          fate: z.enum(['moves', 'stops']),
          nodeIds: z.array(NodeId).optional(),
          tokensPerSecond: z.number().optional(),
          /** Other replicas that go on serving. */
          others: z.number().int().optional(),
          reason: z.string().optional(),
        }),
      ),
    }),
  ),
})
export type WhatIfView = z.infer<typeof WhatIfView>

/** What of a node's settings can be changed while it runs. */
const ChangeableSettings = NodeSettings.pick({
  loadOnRequest: true,
  onRequestIdleSeconds: true,
  diskCacheGigabytes: true,
  downloadBytesPerSecond: true,
  keepFreeGigabytes: true,
}).extend({
  /** Whether the API listens on the network from the next start on; every request needs a key then. */
  servesNetwork: z.boolean(),
})

/** `GET /node/settings` */
export const NodeSettingsView = z.object({
  settings: ChangeableSettings,
  /** Those that the command line or the environment holds fixed. */
  fixed: z.array(z.string()),
  /** Whether it loads models on request, as the settings come to. */
  loadsOnRequest: z.boolean(),
  /** Whether the API listens on the network now. */
  servesNetworkNow: z.boolean(),
})
export type NodeSettingsView = z.infer<typeof NodeSettingsView>

/** `PATCH /node/settings` */
export const ChangeNodeSettingsRequest = z.strictObject({
  loadOnRequest: LoadOnRequest.optional(),
  onRequestIdleSeconds: NodeSettings.shape.onRequestIdleSeconds.unwrap().optional(),
  /** Holds for models that are loaded from then on; 0 removes what lies there at once. */
  diskCacheGigabytes: NodeSettings.shape.diskCacheGigabytes.unwrap().optional(),
  downloadBytesPerSecond: NodeSettings.shape.downloadBytesPerSecond.unwrap().optional(),
  keepFreeGigabytes: NodeSettings.shape.keepFreeGigabytes.unwrap().optional(),
  servesNetwork: z.boolean().optional(),
})
export type ChangeNodeSettingsRequest = z.infer<typeof ChangeNodeSettingsRequest>

/** `GET /warnings`: what people should know and can do something about, most severe first. */
export const WarningsResponse = z.object({ warnings: z.array(Warning) })
export type WarningsResponse = z.infer<typeof WarningsResponse>
