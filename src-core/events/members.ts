import { z } from 'zod'
import { Origin } from '../merging/stamp'
import { NodeId } from '../ids'
import { Member } from '../state/members'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope } from './event'

export const MemberAdmitted = Member.omit({ admittedAt: true }).extend({
  type: z.literal('MemberAdmitted'),
  origin: Origin.optional(),
})
export const MemberUpdated = Member.pick({ nodeId: true, friendlyName: true, ownName: true }).extend({
  type: z.literal('MemberUpdated'),
  /** Absent: as it was. Earlier versions read over it. */
  drained: z.boolean().optional(),
  origin: Origin.optional(),
})
export const MemberRemoved = z.object({
  type: z.literal('MemberRemoved'),
  nodeId: NodeId,
  origin: Origin.optional(),
})

export const reduceMembers = ({ members: family }: State, { at, event }: Envelope): Changes<Member> | undefined => {
  switch (event.type) {
    case 'MemberAdmitted': {
      const { type: _type, origin, ...member } = event
      return put(event.nodeId, { ...member, admittedAt: origin?.created?.at ?? at })
    }
    case 'MemberUpdated': {
      const { type: _type, origin: _origin, drained, ...names } = event
      return amend(family, event.nodeId, ({ drained: before, ...member }) => ({
        ...member,
        ...names,
        ...((drained ?? before) && { drained: true as const }),
      }))
    }
    case 'MemberRemoved':
      return drop(family, event.nodeId)
    default:
      return undefined
  }
}
