import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import type { Command } from './command'
import { decided, refused, removedSince, unknown, type Decided } from './decided'

/**
 * Admits a machine. If people let it in, the admission counts from now, even if this side already knows the machine as
 * a member: another side may have removed it in the meantime.
 *
 * Handles the name that a machine reports at each start, taken from its settings, command line or system. If it differs
 * from the name last reported, it was changed on the machine and is adopted; otherwise the name given in the cluster
 * stays.
 */
export const admitMember = (
  state: State,
  { member, again, isLetIn }: Extract<Command, { type: 'AdmitMember' }>,
): Decided => {
  const { nodeId, certificate, friendlyName } = member
  const removed = again ? removedSince(state, nodeId) : undefined
  if (removed) return removed
  const known = state.members[nodeId]
  if (isLetIn || known?.certificate !== certificate) return decided({ type: 'MemberAdmitted', ...member })
  return friendlyName === (known.ownName ?? known.friendlyName)
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ownName: friendlyName })
}

export const renameMember = (
  state: State,
  { nodeId, friendlyName }: Extract<Command, { type: 'RenameMember' }>,
): Decided => {
  const known = state.members[nodeId]
  if (!known) return unknown('member', nodeId)
  const ownName = known.ownName ?? known.friendlyName
  return known.friendlyName === friendlyName
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ownName })
}

export const drainMember = (state: State, { nodeId, drained }: Extract<Command, { type: 'DrainMember' }>): Decided => {
  const known = state.members[nodeId]
  if (!known) return unknown('member', nodeId)
  const { friendlyName, ownName } = known
  return (known.drained ?? false) === drained
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ...(ownName !== undefined && { ownName }), drained })
}

/** The only member cannot be removed: there would be no leader left. */
export const removeMember = (
  state: State,
  { nodeId, lasting }: Extract<Command, { type: 'RemoveMember' }>,
): Decided => {
  const isMember = nodeId in state.members
  if (!isMember && !lasting) return unknown('member', nodeId)
  return isMember && Object.keys(state.members).length === 1
    ? refused('conflict', `${nodeName(state, nodeId)} is the only machine of its cluster: there is nothing to leave`)
    : decided({ type: 'MemberRemoved', nodeId })
}
