import type { Timestamp } from '../ids'
import { lastCommon } from './log-end'
import { DISK_PATIENCE_MS, SILENCE_MS, type Peer, type Replica } from './replica'

/** Whether a master's acknowledgements wait for this one: it is there, keeps up, and its disk gets on. */
const countsFor = (
  { self }: Replica,
  { connected, connectedAt = -Infinity, heardAt = -Infinity, master, flow, behindSince = Infinity }: Peer,
  now: Timestamp,
): boolean => {
  if (!connected || now - Math.max(connectedAt, heardAt) >= SILENCE_MS) return false
  // Who is there and follows nobody yet will in a moment.
  if (master !== self) return true
  return flow?.caughtUp !== false && now - behindSince < DISK_PATIENCE_MS
}

/**
 * Up to which record a master may acknowledge: what it has on its disk, and one of those that count, if any does. One
 * that has to catch up first, or whose disk gets nowhere, holds nothing up.
 */
export const safeSequence = (replica: Replica, now: Timestamp): number => {
  const { log, peers, self } = replica
  const stored = [...peers.values()]
    .filter((peer) => countsFor(replica, peer, now))
    .map((peer) => (peer.master === self && peer.log ? Math.min(peer.stored ?? 0, lastCommon(peer.log, log) ?? 0) : 0))
  return stored.length === 0 ? log.sequence : Math.min(log.sequence, Math.max(...stored))
}
