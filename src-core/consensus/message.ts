import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'
import { LogEnd } from './log-end'

const term = z.number().int().nonnegative()
const sequence = z.number().int().nonnegative()

/** Messages between replicas. The records themselves travel beside them: the shell reads them from its log. */
export const Message = z.discriminatedUnion('type', [
  /** I have no leader: who leads, and how far is your log? */
  z.object({ type: z.literal('ask'), term, log: LogEnd }),
  /**
   * Answer to `ask`; `master` is the leader that I hear. A `candidate` is about to lead, once its first record is on its
   * disk.
   */
  z.object({
    type: z.literal('answer'),
    term,
    log: LogEnd,
    master: NodeId.optional(),
    candidate: z.boolean().optional(),
  }),
  /** Heartbeat: I lead in this term; `followers` have acknowledged it. */
  z.object({ type: z.literal('lead'), term, log: LogEnd, followers: z.number().int().nonnegative() }),
  /**
   * I follow you and have this log, up to `stored` on my disk. `term` is the highest one I have seen. `clock` is what my
   * system clock shows: the shell adds and reads it.
   */
  z.object({ type: z.literal('follow'), term, log: LogEnd, stored: sequence, clock: Timestamp.optional() }),
  /** Discard your records after this one: they are not in the leader's log. */
  z.object({ type: z.literal('rewind'), term, after: sequence }),
  /** The records after `after` follow this message; with them the receiver's log is `log`. */
  z.object({ type: z.literal('records'), term, after: sequence, log: LogEnd }),
  /** The epochs that you sent are too few to find where our logs diverge: send this many of the latest. */
  z.object({ type: z.literal('probe'), term, epochs: z.number().int().positive() }),
  /** Replaces records that the leader's log no longer holds: with it the receiver's log is `log`. */
  z.object({ type: z.literal('snapshot'), term, log: LogEnd }),
  /** I am about to leave: take over. */
  z.object({ type: z.literal('handover'), term }),
])
export type Message = z.infer<typeof Message>
export type MessageOf<Type extends Message['type']> = Extract<Message, { type: Type }>
