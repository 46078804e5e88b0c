import type { NodeId, Timestamp } from '../ids'
import { compareLogs, lastCommon, type LogEnd } from './log-end'
import type { MessageOf } from './message'
import { followersOf, SEEK_MS, type Replica } from './replica'

/**
 * Whether a node without a leader should lead: no leader is known, every member was tried, and no reachable member has
 * a more complete log.
 */
export const isToLead = (replica: Replica, now: Timestamp): boolean => {
  const { role, peers, self, ordered } = replica
  if (role.kind !== 'seeking') return false
  if (replica.hasLostTerm && peers.size > 0) return false
  const all = [...peers]
  const settled = all.every(([, { answered, refused }]) => answered || (refused && !role.patient))
  if (!settled && now - role.since < SEEK_MS) return false
  const within = all.filter(([, { connected, answered }]) => connected && answered)
  // A node that discarded its log and waits for another's has nothing of it yet. The member with that log must lead,
  // however long that takes.
  const lacksLog = ordered.sequence === 0 && !all.every(([, { answered, log }]) => answered && log?.sequence === 0)
  if (lacksLog && all.length > 0) return false
  // A reachable member has a leader, or leads. Do not start an election; wait to hear from it, directly or through
  // that member. A dead leader is no longer named once its followers have timed it out.
  if (within.some(([, { master }]) => master !== undefined && master !== self)) return false
  return within.every(([nodeId, peer]) => {
    const more = peer.log === undefined ? -1 : compareLogs(peer.log, ordered)
    return more < 0 || (more === 0 && self < nodeId)
  })
}

/**
 * Whether this leader wins over another after a split: the one with more followers does, then the later term, then the
 * lower id.
 */
export const winsOver = (replica: Replica, other: NodeId, lead: MessageOf<'lead'>, now: Timestamp): boolean => {
  const { term, self } = replica
  const own = followersOf(replica, now).length
  return (own - lead.followers || term - lead.term || (self < other ? 1 : -1)) > 0
}

/** Returns the follower with the most complete log, and whether it has the whole log and could lead at once. */
export const heirOf = ({ peers, self, log }: Replica): { nodeId: NodeId; lacksNothing: boolean } | undefined => {
  const followers = [...peers].flatMap(([nodeId, peer]): { nodeId: NodeId; known: LogEnd }[] =>
    peer.connected && peer.master === self && peer.log ? [{ nodeId, known: peer.log }] : [],
  )
  const [heir] = followers.sort((a, b) => compareLogs(b.known, a.known) || (a.nodeId < b.nodeId ? -1 : 1))
  return heir && { nodeId: heir.nodeId, lacksNothing: lastCommon(heir.known, log) === log.sequence }
}
