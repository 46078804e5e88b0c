import { z } from 'zod'
import { Envelope } from '../events/event'
import { State } from '../state/state'

/**
 * What `GET /events` sends: server-sent events whose `id` is `term:index`. `?after=index&term=term` resumes;
 * where the node no longer has what follows, a `snapshot` comes first.
 */
export const EventStreamMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), state: State }),
  z.object({ kind: z.literal('event'), envelope: Envelope }),
])
export type EventStreamMessage = z.infer<typeof EventStreamMessage>

/** `GET /events/recent?last=100`: the last events that the node knows, oldest first. A restart forgets them. */
export const RecentEvents = z.object({ events: z.array(Envelope) })
export type RecentEvents = z.infer<typeof RecentEvents>
