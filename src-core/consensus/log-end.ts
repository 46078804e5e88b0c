import { z } from 'zod'
import { NodeId } from '../ids'

/** What one master wrote in one term: the records from its first one up to the next epoch's. */
export const Epoch = z.object({
  term: z.number().int().nonnegative(),
  master: NodeId,
  /** Sequence number of its first record, which tells of the term itself. */
  from: z.number().int().positive(),
})
export type Epoch = z.infer<typeof Epoch>

/** A log as others need to know it: how far it goes, and who wrote which part. Two masters may take the same term apart. */
export const LogEnd = z.object({ sequence: z.number().int().nonnegative(), epochs: z.array(Epoch) })
export type LogEnd = z.infer<typeof LogEnd>

export const emptyLog: LogEnd = { sequence: 0, epochs: [] }

const lastTerm = ({ epochs }: LogEnd): number => epochs.at(-1)?.term ?? 0

/** Positive where `a` knows more than `b`: a later term, else more records. */
export const compareLogs = (a: LogEnd, b: LogEnd): number => lastTerm(a) - lastTerm(b) || a.sequence - b.sequence

const isSame = (a: Epoch, b: Epoch | undefined): boolean =>
  b !== undefined && a.term === b.term && a.master === b.master && a.from === b.from

const endOfEpoch = ({ sequence, epochs }: LogEnd, at: number): number => (epochs[at + 1]?.from ?? sequence + 1) - 1

/** The last record that both logs have: 0 where they have none in common. */
export const lastCommon = (a: LogEnd, b: LogEnd): number => {
  let common = 0
  for (const [at, epoch] of a.epochs.entries()) {
    if (!isSame(epoch, b.epochs[at])) break
    common = Math.min(endOfEpoch(a, at), endOfEpoch(b, at))
  }
  return common
}

/** The log without what comes after a record. */
export const cutAfter = ({ sequence, epochs }: LogEnd, last: number): LogEnd => ({
  sequence: Math.min(sequence, last),
  epochs: epochs.filter(({ from }) => from <= last),
})
