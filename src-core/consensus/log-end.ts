import { z } from 'zod'
import { NodeId } from '../ids'

/** Random, of each run of the program; short, because every heartbeat has some. */
export const Boot = z.string().min(1).max(100)

/** What one leader wrote in one term: the records from `from` up to the start of the next epoch. */
export const Epoch = z.object({
  term: z.number().int().nonnegative(),
  master: NodeId,
  /** Sequence number of its first record, which records the start of the term. */
  from: z.number().int().positive(),
  /**
   * The run of the program in which the leader began the term; older versions leave it out. A machine whose data were
   * restored from a backup has forgotten that it led in that term, and may begin it once more at the same record.
   */
  boot: Boot.optional(),
})
export type Epoch = z.infer<typeof Epoch>

/**
 * Summary of a log for comparison: where it ends, and which leader wrote which part. A term number does not identify an
 * epoch alone, because leaders on both sides of a split can take the same one. Of a long log only the latest epochs are
 * sent: enough for logs that diverged recently.
 */
export const LogEnd = z.object({
  sequence: z.number().int().nonnegative(),
  epochs: z.array(Epoch),
  /** Number of epochs before these that were left out; none if absent. */
  earlier: z.number().int().nonnegative().optional(),
})
export type LogEnd = z.infer<typeof LogEnd>

export const emptyLog: LogEnd = { sequence: 0, epochs: [] }

/** Epochs sent unless more are requested, so that a heartbeat stays below 1 KiB. */
export const EPOCHS_SENT = 4

const lastTerm = ({ epochs }: LogEnd): number => epochs.at(-1)?.term ?? 0

/** Positive if `a` is more complete than `b`: a later last term, or the same one and more records. */
export const compareLogs = (a: LogEnd, b: LogEnd): number => lastTerm(a) - lastTerm(b) || a.sequence - b.sequence

const isSame = (a: Epoch, b: Epoch): boolean =>
  a.term === b.term &&
  a.master === b.master &&
  a.from === b.from &&
  (a.boot === undefined || b.boot === undefined || a.boot === b.boot)

const endOfEpoch = ({ sequence, epochs }: LogEnd, at: number): number => (epochs[at + 1]?.from ?? sequence + 1) - 1

/**
 * Returns the last record that both logs have: 0 if none, undefined if too few epochs are given to tell. Logs that
 * share an epoch share everything before it, because the leader of the epoch had it.
 */
export const lastCommon = (a: LogEnd, b: LogEnd): number | undefined => {
  let [one, other] = [a.epochs.length - 1, b.epochs.length - 1]
  for (;;) {
    const [own, theirs] = [a.epochs[one], b.epochs[other]]
    if (own === undefined || theirs === undefined) break
    if (isSame(own, theirs)) return Math.min(endOfEpoch(a, one), endOfEpoch(b, other))
    if (own.from >= theirs.from) one -= 1
    if (theirs.from >= own.from) other -= 1
  }
  const isUntold = (one < 0 && (a.earlier ?? 0) > 0) || (other < 0 && (b.earlier ?? 0) > 0)
  return isUntold ? undefined : 0
}

const withEarlier = (sequence: number, epochs: readonly Epoch[], earlier: number): LogEnd => ({
  sequence,
  epochs: [...epochs],
  ...(earlier > 0 && { earlier }),
})

/** Whether `log` contains everything up to the end of `start`; true if the epochs of that time are unknown. */
export const goesOnFrom = (log: LogEnd, start: LogEnd): boolean => {
  const isForgotten = (log.earlier ?? 0) > 0 && (log.epochs[0]?.from ?? 0) > start.sequence
  return isForgotten || start.epochs.length === 0 || lastCommon(start, log) === start.sequence
}

/** Truncates a log after the given record. */
export const cutAfter = ({ sequence, epochs, earlier = 0 }: LogEnd, last: number): LogEnd =>
  withEarlier(
    Math.min(sequence, last),
    epochs.filter(({ from }) => from <= last),
    earlier,
  )

/** The same log, described by its latest `count` epochs. */
export const withLatestEpochs = ({ sequence, epochs, earlier = 0 }: LogEnd, count: number): LogEnd => {
  const left = Math.max(0, epochs.length - count)
  return withEarlier(sequence, epochs.slice(left), earlier + left)
}

/** The same log, described by its epochs from the one that holds the given record. */
export const withEpochsSince = (log: LogEnd, record: number): LogEnd => {
  const at = log.epochs.findLastIndex(({ from }) => from <= record)
  return withLatestEpochs(log, log.epochs.length - Math.max(0, at))
}

/** Extends a log by the records that a longer log has after it. */
export const extended = ({ sequence, epochs, earlier = 0 }: LogEnd, longer: LogEnd): LogEnd =>
  withEarlier(longer.sequence, [...epochs, ...longer.epochs.filter(({ from }) => from > sequence)], earlier)
