import { z } from 'zod'
import { NodeId } from '../ids'

/** What one leader wrote in one term: the records from its first one up to the next epoch's. */
export const Epoch = z.object({
  term: z.number().int().nonnegative(),
  master: NodeId,
  /** Sequence number of its first record, which tells of the term itself. */
  from: z.number().int().positive(),
})
export type Epoch = z.infer<typeof Epoch>

/**
 * A log as others need to know it: how far it goes, and who wrote which part. Two leaders may take the same term apart.
 * Of a long log only the latest epochs are told: they are enough wherever two logs parted lately.
 */
export const LogEnd = z.object({
  sequence: z.number().int().nonnegative(),
  epochs: z.array(Epoch),
  /** How many epochs came before these. Absent: none. */
  earlier: z.number().int().nonnegative().optional(),
})
export type LogEnd = z.infer<typeof LogEnd>

export const emptyLog: LogEnd = { sequence: 0, epochs: [] }

/** Epochs that are told unless somebody asks for more: a heartbeat stays below a kibibyte. */
export const EPOCHS_TOLD = 4

const lastTerm = ({ epochs }: LogEnd): number => epochs.at(-1)?.term ?? 0

/** Positive where `a` knows more than `b`: a later term, else more records. */
export const compareLogs = (a: LogEnd, b: LogEnd): number => lastTerm(a) - lastTerm(b) || a.sequence - b.sequence

const isSame = (a: Epoch, b: Epoch): boolean => a.term === b.term && a.master === b.master && a.from === b.from

const endOfEpoch = ({ sequence, epochs }: LogEnd, at: number): number => (epochs[at + 1]?.from ?? sequence + 1) - 1

/**
 * The last record that both logs have: 0 where they have none in common, undefined where too few epochs are told.
 * Logs that share an epoch share all that came before it: whoever took the term had it.
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

/** The log without what comes after a record. */
export const cutAfter = ({ sequence, epochs, earlier = 0 }: LogEnd, last: number): LogEnd =>
  withEarlier(
    Math.min(sequence, last),
    epochs.filter(({ from }) => from <= last),
    earlier,
  )

/** The same log, told by so many of its latest epochs. */
export const withLatestEpochs = ({ sequence, epochs, earlier = 0 }: LogEnd, count: number): LogEnd => {
  const left = Math.max(0, epochs.length - count)
  return withEarlier(sequence, epochs.slice(left), earlier + left)
}

/** The same log, told by its epochs from the one that wrote a record on. */
export const withEpochsSince = (log: LogEnd, record: number): LogEnd => {
  const at = log.epochs.findLastIndex(({ from }) => from <= record)
  return withLatestEpochs(log, log.epochs.length - Math.max(0, at))
}

/** A log with the records that another one has after it. */
export const extended = ({ sequence, epochs, earlier = 0 }: LogEnd, longer: LogEnd): LogEnd =>
  withEarlier(longer.sequence, [...epochs, ...longer.epochs.filter(({ from }) => from > sequence)], earlier)
