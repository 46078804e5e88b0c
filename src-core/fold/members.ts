import { type Member } from '../state/members'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

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
