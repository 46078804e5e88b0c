import { z } from 'zod'
import { LogEnd } from '../consensus/index'
import { UnmergedDeclarations } from '../merging/index'
import { ApiKeyId, InstanceId, MetaInstanceId, NodeId, TaskId } from '../ids'
import { ModelCard } from '../placement/model-card'
import { SettingChange } from '../settings/cluster'
import { GivenName } from '../settings/given-name'
import { DeclarationDocument, Prune } from '../declarations/document'
import { ApiKey, ApiKeyChanges } from '../state/api-keys'
import { HoursList } from '../schedules/hours'
import { Labels } from '../state/labels'
import { Member } from '../state/members'
import {
  Constraints,
  MetaInstanceChanges,
  MetaInstanceName,
  OnRequest,
  Owner,
  Replicas,
  type PlacementErrorDetails,
} from '../state/meta-instances'

/**
 * From machines of versions before merges, after a split: repeats a declaration of the other side. Entities removed
 * since stay removed.
 */
const again = { again: z.literal(true).optional() }

export const CreateMetaInstance = Constraints.extend({
  type: z.literal('CreateMetaInstance'),
  /** Chosen by the API that takes the request, which makes a retry idempotent. */
  metaInstanceId: MetaInstanceId,
  name: MetaInstanceName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean(),
  replicas: Replicas.optional(),
  hours: HoursList.optional(),
  /**
   * Makes it temporary. Refused as a conflict if the model is declared already; that declaration then serves the
   * request.
   */
  onRequest: OnRequest.optional(),
  ...again,
})
export const UpdateMetaInstance = z.object({
  type: z.literal('UpdateMetaInstance'),
  metaInstanceId: MetaInstanceId,
  changes: MetaInstanceChanges,
  ...again,
})
/**
 * From machines of versions before merges, after a split: also records removals of unknown ids, so that no one can add
 * them later.
 */
const lasting = { lasting: z.literal(true).optional() }

export const DeleteMetaInstance = z.object({
  type: z.literal('DeleteMetaInstance'),
  metaInstanceId: MetaInstanceId,
  ...lasting,
})
export const RestartMetaInstance = z.object({ type: z.literal('RestartMetaInstance'), metaInstanceId: MetaInstanceId })

/** A request loads a declaration outside its hours: kept until idle for the given time, or until its hours start. */
export const WakeMetaInstance = z.object({
  type: z.literal('WakeMetaInstance'),
  metaInstanceId: MetaInstanceId,
  onRequest: OnRequest,
})

/** Declarations that files require: all of them are applied, or none if one is refused. */
export const ApplyDeclarations = z.object({
  type: z.literal('ApplyDeclarations'),
  documents: z.array(DeclarationDocument).max(1000),
  /** An id for each document, used if it creates a declaration. */
  metaInstanceIds: z.array(MetaInstanceId).max(1000),
  prune: Prune.optional(),
})

/**
 * A single instance without a declaration. The command carries the model card, because `decide` cannot wait for one.
 */
export const PlaceInstance = Constraints.extend({
  type: z.literal('PlaceInstance'),
  instanceId: InstanceId,
  card: ModelCard,
})
export const DeleteInstance = z.object({ type: z.literal('DeleteInstance'), instanceId: InstanceId })
export const CancelTask = z.object({ type: z.literal('CancelTask'), taskId: TaskId })
export const CreateApiKey = z.object({
  type: z.literal('CreateApiKey'),
  apiKey: ApiKey.omit({ createdAt: true }),
  ...again,
})
export const UpdateApiKey = z.object({
  type: z.literal('UpdateApiKey'),
  apiKeyId: ApiKeyId,
  changes: ApiKeyChanges,
})
export const RevokeApiKey = z.object({ type: z.literal('RevokeApiKey'), apiKeyId: ApiKeyId, ...lasting })
export const ChangeSetting = z.object({ type: z.literal('ChangeSetting'), change: SettingChange })
export const AdmitMember = z.object({
  type: z.literal('AdmitMember'),
  member: Member.omit({ admittedAt: true }),
  /** Whether people let the machine in. Otherwise it only reports that it exists, and its name. */
  isLetIn: z.boolean().optional(),
  ...again,
})
/** Gives a machine another name in the cluster; the machine reports its own name with `AdmitMember`. */
export const RenameMember = z.object({ type: z.literal('RenameMember'), nodeId: NodeId, friendlyName: GivenName })
/** Moves a machine's models elsewhere and places no others on it; or cancels that. */
export const DrainMember = z.object({ type: z.literal('DrainMember'), nodeId: NodeId, drained: z.boolean() })
export const RemoveMember = z.object({ type: z.literal('RemoveMember'), nodeId: NodeId, ...lasting })

/** Declarations of one side of a split, to be merged with this side's; commands are not executed again. */
export const MergeDeclarations = UnmergedDeclarations.extend({
  type: z.literal('MergeDeclarations'),
  /**
   * The last record that both sides share. Only a leader whose log continues from it can tell which shared entities
   * were removed.
   */
  since: LogEnd.optional(),
})

/** A request to the master. Deciding never places, except for `PlaceInstance`. */
export const Command = z.discriminatedUnion('type', [
  CreateMetaInstance,
  UpdateMetaInstance,
  DeleteMetaInstance,
  RestartMetaInstance,
  WakeMetaInstance,
  ApplyDeclarations,
  PlaceInstance,
  DeleteInstance,
  CancelTask,
  CreateApiKey,
  UpdateApiKey,
  RevokeApiKey,
  ChangeSetting,
  AdmitMember,
  RenameMember,
  DrainMember,
  RemoveMember,
  MergeDeclarations,
])
export type Command = z.infer<typeof Command>

/** Why a command was refused. The state is unchanged. */
export interface Refusal {
  readonly code: 'not_found' | 'conflict' | 'invalid' | 'cannot_place'
  readonly reason: string
  /** The placement funnel, for `cannot_place`. */
  readonly details?: PlacementErrorDetails | undefined
}
