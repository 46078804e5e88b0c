import { elapsed, type Monotonic } from '../time/clocks'

/**
 * Flow control of the log towards one follower, after etcd's raft (`tracker.Progress`):
 * | 1. Records in flight are sent again only if the follower makes no progress for `patience`: a multiple of the time
 * that the last window took (windows grow), doubled after each resend without progress.
 * 2. A follower that is catching up gets one window of bytes at a time, the next when it has acknowledged that. Windows
 *    double with each one acknowledged.
 * 3. A follower that keeps up gets records as they come, while few are in flight.
 */
export interface Flow {
  /** The follower has the leader's records up to here. */
  readonly acked: number
  /** Records up to here were sent. */
  readonly sent: number
  /** Whether a window is being read and sent now. */
  readonly sending: boolean
  /** Size of the next window in bytes. */
  readonly window: number
  /** When the follower last made progress, or was sent something while it had everything. */
  readonly movedAt: Monotonic
  readonly patience: number
  /** Whether it has had the whole log, and has not fallen far behind since. */
  readonly caughtUp: boolean
}

export const FIRST_WINDOW_BYTES = 64 * 1024
export const MAX_WINDOW_BYTES = 4 * 1024 * 1024
/** Maximum of records in flight to a follower that keeps up. */
const MAX_IN_FLIGHT = 256
const PATIENCE_MS = 1000
/** Factor on the time of the last window: the next one is at most twice as large. */
const PATIENCE_OF_LAST = 4
const MAX_PATIENCE_MS = 32_000

/** Flow to a follower that has reported its log for the first time. */
export const beginFlow = (acked: number, now: Monotonic): Flow => ({
  acked,
  sent: acked,
  sending: false,
  window: FIRST_WINDOW_BYTES,
  movedAt: now,
  patience: PATIENCE_MS,
  caughtUp: false,
})

/** Handles the follower's report that it has records up to `acked`, while the leader's log ends at `end`. */
export const hear = (flow: Flow, { acked, end, now }: { acked: number; end: number; now: Monotonic }): Flow => {
  const caughtUp = acked >= end || (flow.caughtUp && end - acked <= MAX_IN_FLIGHT)
  const sent = Math.max(acked, flow.sent)
  if (acked > flow.acked) {
    const window = acked >= flow.sent ? Math.min(MAX_WINDOW_BYTES, flow.window * 2) : flow.window
    const learned = Math.min(MAX_PATIENCE_MS, PATIENCE_OF_LAST * elapsed(flow.movedAt, now))
    return { ...flow, acked, sent, window, movedAt: now, patience: Math.max(PATIENCE_MS, learned), caughtUp }
  }
  // It has fewer than before: it discarded some, or restarted before they were on its disk.
  if (acked < flow.acked) return { ...beginFlow(acked, now), sending: flow.sending, caughtUp }
  const stuck = sent > acked && !flow.sending && elapsed(flow.movedAt, now) >= flow.patience
  if (!stuck) return { ...flow, sent, caughtUp }
  const patience = Math.min(MAX_PATIENCE_MS, flow.patience * 2)
  return { ...flow, sent: acked, window: FIRST_WINDOW_BYTES, movedAt: now, patience, caughtUp }
}

/** The record after which the next window begins; undefined if there is nothing to send or enough is in flight. */
export const nextWindow = (flow: Flow, end: number): number | undefined => {
  if (flow.sending || flow.sent >= end) return undefined
  const inFlight = flow.sent - flow.acked
  return inFlight === 0 || (flow.caughtUp && inFlight < MAX_IN_FLIGHT) ? flow.sent : undefined
}

export const beginSending = (flow: Flow, now: Monotonic): Flow => ({
  ...flow,
  sending: true,
  ...(flow.sent === flow.acked && { movedAt: now }),
})

/** A window was handed to the link. */
export const endSending = (flow: Flow, through: number, now: Monotonic): Flow => ({
  ...flow,
  sending: false,
  sent: Math.max(flow.sent, through),
  ...(flow.sent === flow.acked && { movedAt: now }),
})
