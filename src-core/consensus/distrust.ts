import type { LogEnd } from './log-end'
import type { Message } from './message'
import { MAX_TERM_STEP, type Replica } from './replica'

/** No log has more records: a thousand a second would take 34 years. */
const MAX_SEQUENCE = 2 ** 40

/**
 * Returns why a message is implausible, or undefined. Adopting an absurd term or index could not be undone, and would
 * leave no higher ones to use.
 */
export const implausible = (message: Message, { term }: Replica): string | undefined => {
  const log = 'log' in message ? message.log : undefined
  // Not `Math.max(...terms)`: a member may send more epochs than a call takes arguments.
  const highest = (log?.epochs ?? []).reduce((latest, epoch) => Math.max(latest, epoch.term), message.term)
  if (highest > term + MAX_TERM_STEP) return `it speaks of term ${highest}, and this cluster is in term ${term}`
  return (log && contradiction(log)) ?? beyondLog(message)
}

const contradiction = ({ sequence, epochs }: LogEnd): string | undefined => {
  if (sequence > MAX_SEQUENCE) return `it speaks of record ${sequence}, and no log is that long`
  const disorder = epochs.findIndex(
    ({ term, from }, at) =>
      from > sequence || from <= (epochs[at - 1]?.from ?? 0) || term < (epochs[at - 1]?.term ?? 0),
  )
  const { term, from } = epochs[disorder] ?? {}
  return term === undefined
    ? undefined
    : `its log of ${sequence} records cannot have an epoch of term ${term} at ${from}`
}

/** A record after the end of the log that the same message tells. */
const beyondLog = (message: Message): string | undefined => {
  const [record, end] =
    message.type === 'follow'
      ? [message.stored, message.log.sequence]
      : message.type === 'records'
        ? [message.after, message.log.sequence]
        : message.type === 'rewind'
          ? [message.after, MAX_SEQUENCE]
          : [0, 0]
  return record > end ? `it speaks of record ${record} of a log of ${end}` : undefined
}
