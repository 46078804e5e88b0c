import { z } from 'zod'
import { Origin } from '../state/stamp'
import { NodeId } from '../ids'
import { Member } from '../state/members'

export const MemberAdmitted = Member.omit({ admittedAt: true }).extend({
  type: z.literal('MemberAdmitted'),
  origin: Origin.optional(),
})
export const MemberUpdated = Member.pick({ nodeId: true, friendlyName: true, ownName: true }).extend({
  type: z.literal('MemberUpdated'),
  /** Absent: unchanged. Earlier versions ignore it. */
  drained: z.boolean().optional(),
  origin: Origin.optional(),
})
export const MemberRemoved = z.object({
  type: z.literal('MemberRemoved'),
  nodeId: NodeId,
  origin: Origin.optional(),
})
