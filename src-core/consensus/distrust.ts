import type { Message } from './message'
import { LARGEST_TERM_STEP, type Replica } from './replica'

/** Why what a member says cannot be so. A term that was believed could not be taken back, and would end all counting. */
export const beyondReason = (message: Message, { term }: Replica): string | undefined => {
  const epochs = 'log' in message ? message.log.epochs : []
  // One by one: a member may send more of them than a call takes arguments.
  const highest = epochs.reduce((latest, epoch) => Math.max(latest, epoch.term), message.term)
  return highest > term + LARGEST_TERM_STEP
    ? `it speaks of term ${highest}, and this cluster is in term ${term}`
    : undefined
}
