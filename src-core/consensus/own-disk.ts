import { elapsed, FOREVER, type Monotonic } from '../time/clocks'
import type { KnownTerm } from './known-term'
import type { LogEnd } from './log-end'

/**
 * This node's disk, judged by the writes ordered and those that became durable. A leader or candidate whose disk hangs
 * gives way, because another member's disk may work.
 *
 * A slow disk must not count as hanging: two nodes with slow disks would depose each other for ever. So the node waits
 * twice as long as its slowest recent write took. This limit is halved again whenever all outstanding writes have
 * completed faster.
 */
export interface OwnDisk {
  /** Since when writes have been outstanding without progress. */
  readonly behindSince?: Monotonic | undefined
  /** The longest wait for one of the writes since none was outstanding, in milliseconds. */
  readonly longest?: number | undefined
  /** How long a write may take, in milliseconds. */
  readonly patience: number
}

/**
 * A disk without progress for this long counts as hanging: a follower's no longer delays acknowledgements, and a leader
 * or candidate gives way.
 */
export const DISK_PATIENCE_MS = 2000
/** Upper limit of that patience. */
const MAX_PATIENCE_MS = 60_000
/** Factor on the time of the last write. */
const PATIENCE_OF_LAST = 2

export const soundDisk: OwnDisk = { patience: DISK_PATIENCE_MS }

/** A node's writes: those ordered, and those on its disk. */
interface Writes {
  readonly log: LogEnd
  readonly ordered: LogEnd
  readonly kept: KnownTerm
  readonly keeping?: KnownTerm | undefined
  readonly disk: OwnDisk
}

const isBehind = ({ log, ordered, keeping }: Writes): boolean =>
  keeping !== undefined || log.sequence < ordered.sequence || log.epochs.at(-1)?.term !== ordered.epochs.at(-1)?.term

const bounded = (patience: number): number => Math.max(DISK_PATIENCE_MS, Math.min(MAX_PATIENCE_MS, patience))

/** The disk after a step from one replica's writes to another's. */
export const watchDisk = (before: Writes, after: Writes, now: Monotonic): OwnDisk => {
  const { behindSince, longest = 0, patience } = after.disk
  const behind = isBehind(after)
  if (behindSince === undefined) return behind ? { behindSince: now, patience } : after.disk
  const hasProgress = after.log.sequence > before.log.sequence || after.kept !== before.kept
  if (!hasProgress) return behind ? after.disk : { patience }
  const wait = Math.max(longest, elapsed(behindSince, now))
  // Writes that one sync made durable are reported one by one: only the last report shows how long they took.
  if (behind) return { behindSince: now, longest: wait, patience: bounded(Math.max(PATIENCE_OF_LAST * wait, patience)) }
  return { patience: bounded(Math.max(PATIENCE_OF_LAST * wait, patience / 2)) }
}

/** Whether a write has been outstanding for too long. */
export const isHanging = ({ behindSince = FOREVER, patience }: OwnDisk, now: Monotonic): boolean =>
  elapsed(behindSince, now) >= patience
