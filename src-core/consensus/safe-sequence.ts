import { z } from 'zod'
import { elapsed, FOREVER, latest, type Monotonic, NEVER } from '../time/clocks'
import { lastCommon } from './log-end'
import { DISK_PATIENCE_MS } from './own-disk'
import { SILENCE_MS, type Peer, type Replica } from './replica'

/** Durability of an acknowledged write: on `on` members' disks of `of`. */
export const DurableOn = z.object({ on: z.number().int().positive(), of: z.number().int().positive() })
export type DurableOn = z.infer<typeof DurableOn>

/** Whether acknowledgements wait for a member: it is reachable, caught up, and its disk makes progress. */
const countsFor = (
  { self }: Replica,
  { connected, connectedAt = NEVER, heardAt = NEVER, master, flow, behindSince = FOREVER }: Peer,
  now: Monotonic,
): boolean => {
  if (!connected || elapsed(latest(connectedAt, heardAt), now) >= SILENCE_MS) return false
  // A reachable member without a leader will follow in a moment.
  if (master !== self) return true
  return flow?.caughtUp !== false && elapsed(behindSince, now) < DISK_PATIENCE_MS
}

/** Up to which record a follower has this log on disk, as far as the leader has heard. */
const storedBy = ({ log, self }: Replica, { master, log: theirs, stored = 0 }: Peer): number =>
  master === self && theirs ? Math.min(stored, lastCommon(theirs, log) ?? 0) : 0

/** On how many members' disks a record is known to be, the leader's included. */
export const durabilityOf = (replica: Replica, sequence: number): DurableOn => {
  const { log, peers } = replica
  const disks = [log.sequence, ...[...peers.values()].map((peer) => storedBy(replica, peer))]
  return { on: disks.filter((stored) => stored >= sequence).length, of: disks.length }
}

/**
 * The commit index of a leader: on its own disk and on that of at least one member that counts, or on its own alone if
 * none counts. Members that are catching up or whose disk hangs delay nothing.
 */
export const safeSequence = (replica: Replica, now: Monotonic): number => {
  const { log, peers } = replica
  const stored = [...peers.values()]
    .filter((peer) => countsFor(replica, peer, now))
    .map((peer) => storedBy(replica, peer))
  return stored.length === 0 ? log.sequence : Math.min(log.sequence, Math.max(...stored))
}
