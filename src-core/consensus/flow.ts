import type { Timestamp } from '../ids'

/**
 * How a leader sends its log to one follower, after etcd's raft (its `tracker.Progress`):
 *
 * 1. What is on its way is not sent again, unless the follower gets nowhere for its patience: some times as long as the
 *    window before took, for windows grow, and twice as long after each time that it was for nothing.
 * 2. A follower that has to catch up is sent one window of bytes, and the next when it has that. Windows grow with each
 *    that arrives.
 * 3. One that keeps up is sent records as they come, while few are on their way.
 */
export interface Flow {
  /** Up to here the follower has the leader's records. */
  readonly acked: number
  /** Up to here they are on their way. */
  readonly sent: number
  /** A window is being read and sent. */
  readonly sending: boolean
  /** Bytes of the next window. */
  readonly window: number
  /** When the follower last got on, or was sent something after it had all. */
  readonly movedAt: Timestamp
  readonly patience: number
  /** It has had all of the log, and has not fallen far behind since. */
  readonly caughtUp: boolean
}

export const FIRST_WINDOW_BYTES = 64 * 1024
export const LARGEST_WINDOW_BYTES = 4 * 1024 * 1024
/** Records on their way, at most, to one that keeps up. */
const MOST_ON_THEIR_WAY = 256
const PATIENCE_MS = 1000
/** Of what the last window took: the next one is at most twice as large. */
const PATIENCE_OF_LAST = 4
const LONGEST_PATIENCE_MS = 32_000

/** To a follower that has told for the first time what it has. */
export const beginFlow = (acked: number, now: Timestamp): Flow => ({
  acked,
  sent: acked,
  sending: false,
  window: FIRST_WINDOW_BYTES,
  movedAt: now,
  patience: PATIENCE_MS,
  caughtUp: false,
})

/** The follower says that it has the leader's records up to `acked`; the leader's log goes to `end`. */
export const hear = (flow: Flow, { acked, end, now }: { acked: number; end: number; now: Timestamp }): Flow => {
  const caughtUp = acked >= end || (flow.caughtUp && end - acked <= MOST_ON_THEIR_WAY)
  const sent = Math.max(acked, flow.sent)
  if (acked > flow.acked) {
    const window = acked >= flow.sent ? Math.min(LARGEST_WINDOW_BYTES, flow.window * 2) : flow.window
    const learned = Math.min(LONGEST_PATIENCE_MS, PATIENCE_OF_LAST * (now - flow.movedAt))
    return { ...flow, acked, sent, window, movedAt: now, patience: Math.max(PATIENCE_MS, learned), caughtUp }
  }
  // It has fewer than before: it has set some aside, or what it had was not yet on its disk when it started anew.
  if (acked < flow.acked) return { ...beginFlow(acked, now), sending: flow.sending, caughtUp }
  const stuck = sent > acked && !flow.sending && now - flow.movedAt >= flow.patience
  if (!stuck) return { ...flow, sent, caughtUp }
  const patience = Math.min(LONGEST_PATIENCE_MS, flow.patience * 2)
  return { ...flow, sent: acked, window: FIRST_WINDOW_BYTES, movedAt: now, patience, caughtUp }
}

/** After which record the next window begins; undefined while there is nothing to send, or enough is on its way. */
export const nextWindow = (flow: Flow, end: number): number | undefined => {
  if (flow.sending || flow.sent >= end) return undefined
  const onTheirWay = flow.sent - flow.acked
  return onTheirWay === 0 || (flow.caughtUp && onTheirWay < MOST_ON_THEIR_WAY) ? flow.sent : undefined
}

export const beginSending = (flow: Flow, now: Timestamp): Flow => ({
  ...flow,
  sending: true,
  ...(flow.sent === flow.acked && { movedAt: now }),
})

/** A window has been given to the link. */
export const endSending = (flow: Flow, through: number, now: Timestamp): Flow => ({
  ...flow,
  sending: false,
  sent: Math.max(flow.sent, through),
  ...(flow.sent === flow.acked && { movedAt: now }),
})
