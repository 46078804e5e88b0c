import { z } from 'zod'
import { NodeId } from '../ids'
import { LogEnd } from './log-end'

const term = z.number().int().nonnegative()
const sequence = z.number().int().nonnegative()

/** What replicas tell one another. Records travel beside these, as the shell reads them from its log. */
export const Message = z.discriminatedUnion('type', [
  /** I know no master: who leads, and how far is your log? */
  z.object({ type: z.literal('ask'), term, log: LogEnd }),
  /** `master`: whom I hear. */
  z.object({ type: z.literal('answer'), term, log: LogEnd, master: NodeId.optional() }),
  /** I lead in this term, again and again; `followers` have answered to it. */
  z.object({ type: z.literal('lead'), term, log: LogEnd, followers: z.number().int().nonnegative() }),
  /** I follow you, and have this log, up to `stored` on my disk. `term` is the highest one I know of. */
  z.object({ type: z.literal('follow'), term, log: LogEnd, stored: sequence }),
  /** Set aside what you have after this record: it is not in the master's log. */
  z.object({ type: z.literal('rewind'), term, after: sequence }),
  /** The records after `after` follow this message; with them the receiver's log is `log`. */
  z.object({ type: z.literal('records'), term, after: sequence, log: LogEnd }),
  /** What you told of your log is not enough to find where it leaves mine: so many of its latest epochs. */
  z.object({ type: z.literal('probe'), term, epochs: z.number().int().positive() }),
  /** In the place of records that the leader's log no longer holds: with this the receiver's log is `log`. */
  z.object({ type: z.literal('snapshot'), term, log: LogEnd }),
  /** I am about to leave: lead. */
  z.object({ type: z.literal('handover'), term }),
])
export type Message = z.infer<typeof Message>
export type MessageOf<Type extends Message['type']> = Extract<Message, { type: Type }>
