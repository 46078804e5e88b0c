import { z } from 'zod'
import { InstanceId, MetaInstanceId, NodeId, RunnerId } from '../ids'
import { CannotLoad } from '../state/meta-instances'
import { Instance } from '../state/instances'
import { CodedText } from '../texts/coded'

export const InstanceCreated = z.object({ type: z.literal('InstanceCreated'), instance: Instance })
export const InstanceDeleted = z.object({
  type: z.literal('InstanceDeleted'),
  instanceId: InstanceId,
  /** Why it had to go; absent when somebody wanted it gone. */
  failureError: z.string().optional(),
  /** The same as a code. */
  failure: CodedText,
  cause: z.enum(['runners', 'node', 'connection']).optional(),
  /** The machines that it was given up for. */
  failedNodeIds: z.array(NodeId).optional(),
  /** Of them, those that failed for a reason that does not pass by trying again. */
  cannotLoad: z.array(CannotLoad).optional(),
})
export const InstanceRetrying = z.object({
  type: z.literal('InstanceRetrying'),
  instanceId: InstanceId,
  metaInstanceId: MetaInstanceId,
  failureError: z.string(),
  failure: CodedText,
  /** The new attempt's runners, in rank order. */
  runnerIds: z.array(RunnerId),
})
