import type { Message } from './message'
import { MAX_TERM_STEP, type Replica } from './replica'

/**
 * Returns why a message is implausible, or undefined. Adopting an absurd term could not be undone, and would leave no
 * higher terms to use.
 */
export const implausible = (message: Message, { term }: Replica): string | undefined => {
  const epochs = 'log' in message ? message.log.epochs : []
  // Not `Math.max(...terms)`: a member may send more epochs than a call takes arguments.
  const highest = epochs.reduce((latest, epoch) => Math.max(latest, epoch.term), message.term)
  return highest > term + MAX_TERM_STEP
    ? `it speaks of term ${highest}, and this cluster is in term ${term}`
    : undefined
}
