import { z } from 'zod'
import { CommandId, Timestamp } from '../ids'
import { NodeDownloadProgress } from './downloads'
import { InstanceCreated, InstanceDeleted, InstanceRetrying } from './instances'
import { MemberAdmitted, MemberRemoved, MemberUpdated } from './members'
import {
  MetaInstanceCreated,
  MetaInstanceDeleted,
  MetaInstancePlacementFailed,
  MetaInstanceRecovered,
  MetaInstanceScheduled,
  MetaInstanceUpdated,
} from './meta-instances'
import { NodeGatheredInfo, NodeLeaving, NodeTimedOut } from './nodes'
import { RunnerDeleted, RunnerStatusUpdated } from './runners'
import { ApiKeyCreated, ApiKeyRevoked, ApiKeyUpdated, SettingChanged } from './settings'
import { JacclSideChannelData, JacclSideChannelGathered } from './side-channel'
import { TaskCreated, TaskDeleted, TaskFailed, TaskStatusUpdated } from './tasks'
import { TopologyEdgeCreated, TopologyEdgeDeleted } from './topology'

/** Durable: written, synced in batches, replicated. */
export const Decision = z.discriminatedUnion('type', [
  MetaInstanceCreated,
  MetaInstanceUpdated,
  MetaInstanceDeleted,
  MetaInstancePlacementFailed,
  MetaInstanceRecovered,
  MetaInstanceScheduled,
  InstanceCreated,
  InstanceDeleted,
  InstanceRetrying,
  MemberAdmitted,
  MemberUpdated,
  MemberRemoved,
  ApiKeyCreated,
  ApiKeyUpdated,
  ApiKeyRevoked,
  SettingChanged,
])
export type Decision = z.infer<typeof Decision>

/** Indexed, folded and broadcast, but not written: whoever observed it still knows it. */
export const Observation = z.discriminatedUnion('type', [
  NodeGatheredInfo,
  NodeLeaving,
  NodeTimedOut,
  TopologyEdgeCreated,
  TopologyEdgeDeleted,
  RunnerStatusUpdated,
  RunnerDeleted,
  TaskCreated,
  TaskStatusUpdated,
  TaskFailed,
  TaskDeleted,
  NodeDownloadProgress,
  JacclSideChannelData,
  JacclSideChannelGathered,
])
export type Observation = z.infer<typeof Observation>

export const Event = z.discriminatedUnion('type', [Decision, Observation])
export type Event = z.infer<typeof Event>

/** The version of the events' shapes, written with each of them. */
export const EVENT_SCHEMA_VERSION = 1

/** An event in its place: `index` counts all events of a master's term and goes on in the next, `at` never goes backwards. */
export const Envelope = z.object({
  v: z.literal(EVENT_SCHEMA_VERSION),
  index: z.number().int().positive(),
  term: z.number().int().nonnegative(),
  at: Timestamp,
  /** The command that it was decided for: a command that comes again is known by it, whoever leads then. */
  commandId: CommandId.optional(),
  /** With a removal: every member knows of all that was removed up to then, so that it need not be remembered. */
  removalsKnown: Timestamp.optional(),
  event: Event,
})
export type Envelope = z.infer<typeof Envelope>

const decisionTypes: ReadonlySet<string> = new Set(Decision.options.map((option) => option.shape.type.value))

export const isDecision = (event: Event): event is Decision => decisionTypes.has(event.type)
