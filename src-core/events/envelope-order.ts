import type { Envelope } from './event'

type Position = Pick<Envelope, 'term' | 'index'>

/** Whether an event came after another: in a later term, or later in the same one. */
export const isAfter = (a: Position, b: Position): boolean =>
  a.term > b.term || (a.term === b.term && a.index > b.index)
