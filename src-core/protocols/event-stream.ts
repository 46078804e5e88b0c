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
