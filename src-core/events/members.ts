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
      const { type: _type, origin: _origin, ...changes } = event
      return amend(family, event.nodeId, (member) => ({ ...member, ...changes }))
    }
    case 'MemberRemoved':
      return drop(family, event.nodeId)
    default:
      return undefined
  }
}
