import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId, RunnerId } from '../ids'
import { CannotLoad } from '../state/meta-instances'
import { Instance } from '../state/instances'
import { CodedText } from '../texts/coded'

export const InstanceCreated = z.object({ type: z.literal('InstanceCreated'), instance: Instance })
export const InstanceDeleted = z.object({
  type: z.literal('InstanceDeleted'),
  instanceId: InstanceId,
  /** Why it was given up; absent if it was deleted on request. */
  failureError: z.string().optional(),
  /** The same as a code. */
  failure: CodedText,
  cause: z.enum(['runners', 'node', 'connection']).optional(),
  /** The machines whose failure caused it. */
  failedNodeIds: z.array(NodeId).optional(),
  /** Those of the machines that failed for a reason that a retry cannot cure. */
  cannotLoad: z.array(CannotLoad).optional(),
})
export const InstanceRetrying = z.object({
  type: z.literal('InstanceRetrying'),
  instanceId: InstanceId,
  metaInstanceId: MetaInstanceId,
  failureError: z.string(),
  failure: CodedText,
  /** Runners of the new attempt, in rank order. */
  runnerIds: z.array(RunnerId),
})
