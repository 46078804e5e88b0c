import { z } from 'zod'
import { Origin } from '../state/stamp'
import { MetaInstanceId } from '../ids'
import { MetaInstance, MetaInstanceChanges, PlacementErrorDetails } from '../state/meta-instances'
import { Scheduled } from '../schedules/hours'
import { CodedText } from '../texts/coded'

export const MetaInstanceCreated = z.object({
  type: z.literal('MetaInstanceCreated'),
  metaInstance: MetaInstance,
  origin: Origin.optional(),
})
export const MetaInstanceUpdated = z.object({
  type: z.literal('MetaInstanceUpdated'),
  metaInstanceId: MetaInstanceId,
  changes: MetaInstanceChanges,
  origin: Origin.optional(),
})
export const MetaInstanceDeleted = z.object({
  type: z.literal('MetaInstanceDeleted'),
  metaInstanceId: MetaInstanceId,
  /** Why a temporary declaration ended by itself: idle, or evicted for memory. Absent if it was deleted on request. */
  cause: z.enum(['idle', 'memory']).optional(),
  /** The same for people. */
  reason: z.string().optional(),
  origin: Origin.optional(),
})
export const MetaInstancePlacementFailed = z.object({
  type: z.literal('MetaInstancePlacementFailed'),
  metaInstanceId: MetaInstanceId,
  reason: z.string(),
  coded: CodedText,
  code: z.string(),
  details: PlacementErrorDetails.optional(),
})
/** The leader's wall clock has reached the next change of the declaration's hours. */
export const MetaInstanceScheduled = z.object({
  type: z.literal('MetaInstanceScheduled'),
  metaInstanceId: MetaInstanceId,
  schedule: Scheduled,
})
export const MetaInstanceRecovered = z.object({
  type: z.literal('MetaInstanceRecovered'),
  metaInstanceId: MetaInstanceId,
})
