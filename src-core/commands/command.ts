import { z } from 'zod'
import { Apart } from '../merging/index'
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

/** From machines before merges, after a split: what was declared on the other side. What has been removed since stays so. */
const again = { again: z.literal(true).optional() }

export const CreateMetaInstance = Constraints.extend({
  type: z.literal('CreateMetaInstance'),
  /** Chosen by the API that takes the request, so that sending it again creates nothing twice. */
  metaInstanceId: MetaInstanceId,
  name: MetaInstanceName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean(),
  replicas: Replicas.optional(),
  hours: HoursList.optional(),
  /** A temporary one. Refused as a conflict where the model is declared already: that one answers then. */
  onRequest: OnRequest.optional(),
  ...again,
})
export const UpdateMetaInstance = z.object({
  type: z.literal('UpdateMetaInstance'),
  metaInstanceId: MetaInstanceId,
  changes: MetaInstanceChanges,
  ...again,
})
/** From machines before merges, after a split: also what this side has not heard of, so that nobody brings it later. */
const lasting = { lasting: z.literal(true).optional() }

export const DeleteMetaInstance = z.object({
  type: z.literal('DeleteMetaInstance'),
  metaInstanceId: MetaInstanceId,
  ...lasting,
})
export const RestartMetaInstance = z.object({ type: z.literal('RestartMetaInstance'), metaInstanceId: MetaInstanceId })

/** Outside its hours a request loads it: kept until nobody has asked for so long, or its hours begin. */
export const WakeMetaInstance = z.object({
  type: z.literal('WakeMetaInstance'),
  metaInstanceId: MetaInstanceId,
  onRequest: OnRequest,
})

/** What files say is to exist: all of it, or nothing where any of it is refused. */
export const ApplyDeclarations = z.object({
  type: z.literal('ApplyDeclarations'),
  documents: z.array(DeclarationDocument).max(1000),
  /** An id for each document, which it gets if it is new. */
  metaInstanceIds: z.array(MetaInstanceId).max(1000),
  prune: Prune.optional(),
})

/** One instance that nothing keeps. The card comes with the command: deciding waits for nothing. */
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
  ...again,
})
/** A person calls a machine otherwise; the machine itself says its name with `AdmitMember`. */
export const RenameMember = z.object({ type: z.literal('RenameMember'), nodeId: NodeId, friendlyName: GivenName })
/** Moves a machine's models elsewhere and keeps others away, or takes that back. */
export const DrainMember = z.object({ type: z.literal('DrainMember'), nodeId: NodeId, drained: z.boolean() })
export const RemoveMember = z.object({ type: z.literal('RemoveMember'), nodeId: NodeId, ...lasting })

/** What one side of a split declared. It is joined with what this side has: nothing is carried out a second time. */
export const MergeDeclarations = Apart.extend({ type: z.literal('MergeDeclarations') })

/** A request to the master. It decides; it never places, `PlaceInstance` apart. */
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

/** Why a command was not carried out. The state is as it was. */
export interface Refusal {
  readonly code: 'not_found' | 'conflict' | 'invalid' | 'cannot_place'
  readonly reason: string
  /** The funnel, where there was no place. */
  readonly details?: PlacementErrorDetails | undefined
}
