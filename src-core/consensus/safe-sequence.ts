import { z } from 'zod'
import type { Timestamp } from '../ids'
import { lastCommon } from './log-end'
import { DISK_PATIENCE_MS, SILENCE_MS, type Peer, type Replica } from './replica'

/** What an acknowledgement rests on: so many disks of so many members. */
export const DurableOn = z.object({ on: z.number().int().positive(), of: z.number().int().positive() })
export type DurableOn = z.infer<typeof DurableOn>

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

/** How far a follower has this log on its disk, as the leader knows it. */
const storedBy = ({ log, self }: Replica, { master, log: theirs, stored = 0 }: Peer): number =>
  master === self && theirs ? Math.min(stored, lastCommon(theirs, log) ?? 0) : 0

/** On how many members' disks, the leader's own among them, a record is known to be. */
export const durabilityOf = (replica: Replica, sequence: number): DurableOn => {
  const { log, peers } = replica
  const disks = [log.sequence, ...[...peers.values()].map((peer) => storedBy(replica, peer))]
  return { on: disks.filter((stored) => stored >= sequence).length, of: disks.length }
}

/**
 * Up to which record a master may acknowledge: what it has on its disk, and one of those that count, if any does. One
 * that has to catch up first, or whose disk gets nowhere, holds nothing up.
 */
export const safeSequence = (replica: Replica, now: Timestamp): number => {
  const { log, peers } = replica
  const stored = [...peers.values()]
    .filter((peer) => countsFor(replica, peer, now))
    .map((peer) => storedBy(replica, peer))
  return stored.length === 0 ? log.sequence : Math.min(log.sequence, Math.max(...stored))
}
