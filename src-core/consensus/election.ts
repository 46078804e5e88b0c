import type { NodeId, Timestamp } from '../ids'
import { compareLogs, lastCommon, type LogEnd } from './log-end'
import type { MessageOf } from './message'
import { followersOf, SEEK_MS, type Replica } from './replica'

/** Whether a node that looks for a master is to be it: nobody leads, everybody has been tried, and nobody within reach knows more. */
export const isToLead = (replica: Replica, now: Timestamp): boolean => {
  const { role, peers, self, ordered } = replica
  if (role.kind !== 'seeking') return false
  if (replica.hasLostTerm && peers.size > 0) return false
  const all = [...peers]
  const settled = all.every(([, { answered, refused }]) => answered || (refused && !role.patient))
  if (!settled && now - role.since < SEEK_MS) return false
  const within = all.filter(([, { connected, answered }]) => connected && answered)
  // A log that made room for another has nothing of it yet: whoever has that log leads, however long that takes.
  const lacksLog = ordered.sequence === 0 && !all.every(([, { answered, log }]) => answered && log?.sequence === 0)
  if (lacksLog && all.length > 0) return false
  // Somebody leads, or hears who does: it will be heard here too, directly or through that one. A master that died is
  // named no more when they have noticed.
  if (within.some(([, { master }]) => master !== undefined && master !== self)) return false
  return within.every(([nodeId, peer]) => {
    const more = peer.log === undefined ? -1 : compareLogs(peer.log, ordered)
    return more < 0 || (more === 0 && self < nodeId)
  })
}

/** Of two masters after a split: the side with more members wins, then the later term, then the lower id. */
export const winsOver = (replica: Replica, other: NodeId, lead: MessageOf<'lead'>, now: Timestamp): boolean => {
  const { term, self } = replica
  const own = followersOf(replica, now).length
  return (own - lead.followers || term - lead.term || (self < other ? 1 : -1)) > 0
}

/** Of a master's followers the one that knows most, and whether it could lead at once: it lacks nothing. */
export const heirOf = ({ peers, self, log }: Replica): { nodeId: NodeId; lacksNothing: boolean } | undefined => {
  const followers = [...peers].flatMap(([nodeId, peer]): { nodeId: NodeId; known: LogEnd }[] =>
    peer.connected && peer.master === self && peer.log ? [{ nodeId, known: peer.log }] : [],
  )
  const [heir] = followers.sort((a, b) => compareLogs(b.known, a.known) || (a.nodeId < b.nodeId ? -1 : 1))
  return heir && { nodeId: heir.nodeId, lacksNothing: lastCommon(heir.known, log) === log.sequence }
}
