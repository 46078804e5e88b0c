import type { NodeId } from '../ids'
import { elapsed, FOREVER, type Monotonic, NEVER } from '../time/clocks'
import { compareLogs, cutAfter, lastCommon, type LogEnd } from './log-end'
import type { MessageOf } from './message'
import { followersOf, SEEK_MS, VOTE_MS, type Peer, type Replica } from './replica'

/**
 * Whether a member's answer counts. The disk of a member that has fallen silent may hang, so it does not stand for
 * election. A candidate is waited for no longer than this node would wait for its own disk.
 */
const hasVote = ({ disk }: Replica, peer: Peer, now: Monotonic): boolean => {
  const { connected, answered, heardAt = NEVER, candidateSince = FOREVER } = peer
  return connected && answered && elapsed(heardAt, now) < VOTE_MS && elapsed(candidateSince, now) < disk.patience
}

/**
 * Whether a node without a leader should lead: no leader or candidate is known, every member was tried, and no reachable
 * member has a more complete log. Only what is on the disks counts.
 */
export const shouldLead = (replica: Replica, now: Monotonic): boolean => {
  const { role, peers, self, log: own } = replica
  if (role.kind !== 'seeking') return false
  if (replica.hasLostTerm && peers.size > 0) return false
  const all = [...peers]
  const settled = all.every(([, { answered, refused }]) => answered || (refused && !role.patient))
  if (!settled && elapsed(role.since, now) < SEEK_MS) return false
  const within = all.filter(([, peer]) => hasVote(replica, peer, now))
  // A node that discarded its log and waits for another's has nothing of it yet. The member with that log must lead,
  // however long that takes.
  const lacksLog = own.sequence === 0 && !all.every(([, { answered, log }]) => answered && log?.sequence === 0)
  if (lacksLog && all.length > 0) return false
  // A reachable member has a leader, or leads. Do not start an election; wait to hear from it, directly or through
  // that member. A dead leader is no longer named once its followers have timed it out.
  if (within.some(([, { master }]) => master !== undefined && master !== self)) return false
  if (within.some(([, { candidateSince }]) => candidateSince !== undefined)) return false
  return within.every(([nodeId, peer]) => {
    const more = peer.log === undefined ? -1 : compareLogs(peer.log, own)
    return more < 0 || (more === 0 && self < nodeId)
  })
}

/**
 * Whether this leader wins over another after a split: the one with more followers does, then the later term, then the
 * lower id.
 */
export const winsOver = (replica: Replica, other: NodeId, lead: MessageOf<'lead'>, now: Monotonic): boolean => {
  const { term, self } = replica
  const own = followersOf(replica, now).length
  return (own - lead.followers || term - lead.term || (self < other ? 1 : -1)) > 0
}

/** Returns the follower with the most on its disk, and whether that is the whole log, so that it could lead at once. */
export const successorOf = ({ peers, self, log }: Replica): { nodeId: NodeId; lacksNothing: boolean } | undefined => {
  const followers = [...peers].flatMap(([nodeId, peer]): { nodeId: NodeId; known: LogEnd }[] =>
    peer.connected && peer.master === self && peer.log ? [{ nodeId, known: cutAfter(peer.log, peer.stored ?? 0) }] : [],
  )
  const [successor] = followers.sort((a, b) => compareLogs(b.known, a.known) || (a.nodeId < b.nodeId ? -1 : 1))
  return successor && { nodeId: successor.nodeId, lacksNothing: lastCommon(successor.known, log) === log.sequence }
}
