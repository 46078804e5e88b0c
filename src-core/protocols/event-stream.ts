import { z } from 'zod'
import { Envelope } from '../events/event'
import { State } from '../state/state'

/**
 * Messages of `GET /events`: server-sent events with `id` `term:index`. `?after=index&term=term` resumes; if the node
 * no longer has the following events, it sends a `snapshot` first.
 */
export const EventStreamMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), state: State }),
  z.object({ kind: z.literal('event'), envelope: Envelope }),
])
export type EventStreamMessage = z.infer<typeof EventStreamMessage>

/**
 * `GET /events/recent?last=100&decisions=0`: the last events in the node's memory, oldest first. Memory begins at the
 * node's last start or change of master; `decisions` more come from the log before them.
 */
export const RecentEvents = z.object({ events: z.array(Envelope) })
export type RecentEvents = z.infer<typeof RecentEvents>
