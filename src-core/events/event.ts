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

/** Durable: written to the log, synced in batches, replicated. */
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

/** Indexed, folded and broadcast, but not written to the log: the observer can report it again. */
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

/** Schema version of events, written with each of them. */
export const EVENT_SCHEMA_VERSION = 1

/** An event with its position: `index` counts all events and continues across terms, `at` never goes backwards. */
export const Envelope = z.object({
  v: z.literal(EVENT_SCHEMA_VERSION),
  index: z.number().int().positive(),
  term: z.number().int().nonnegative(),
  at: Timestamp,
  /**
   * The command that led to this decision. Makes commands idempotent across leaders: a repeated command is recognized.
   */
  commandId: CommandId.optional(),
  /** On a removal: all members have every removal up to this time, so older tombstones can be dropped. */
  removalsKnown: Timestamp.optional(),
  event: Event,
})
export type Envelope = z.infer<typeof Envelope>

const decisionTypes: ReadonlySet<string> = new Set(Decision.options.map((option) => option.shape.type.value))

export const isDecision = (event: Event): event is Decision => decisionTypes.has(event.type)
