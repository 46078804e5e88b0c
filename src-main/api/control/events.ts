import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Envelope } from '@core/events/event'
import type { EventStreamMessage, RecentEvents } from '@core/protocols/event-stream'
import { parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { publicEnvelope, publicState } from '../redaction'
import { streamClusterView } from './cluster-view'
import { beginEvents, headOfEvents, type EventStream } from './event-stream'

/** A client that is disconnected for being behind can reconnect and resume. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024

const RecentQuery = z.strictObject({
  last: z.coerce.number().int().min(0).max(10_000).default(100),
  /** Decisions of the log to include from before those. */
  decisions: z.coerce.number().int().min(0).max(2000).default(0),
})

const Query = z.object({
  after: z.coerce.number().int().nonnegative().optional(),
  term: z.coerce.number().int().nonnegative().optional(),
  /** Whether to include the cluster view, as events named `cluster`: one connection instead of two. */
  cluster: z.stringbool().default(false),
})
type Query = z.infer<typeof Query>

/** Resume position (`term:index`) from the query, or from the browser's `Last-Event-ID`. */
const position = (
  { after, term }: Query,
  lastEventId: string | undefined,
): { index: number; term: number } | undefined => {
  const remembered = /^(\d+):(\d+)$/.exec(lastEventId ?? '')
  if (remembered) return { term: Number(remembered[1]), index: Number(remembered[2]) }
  return after === undefined || term === undefined ? undefined : { index: after, term }
}

const stream = (
  { source }: ApiContext,
  events: EventStream,
  from: { index: number; term: number } | undefined,
): void => {
  let last = -1
  const send = (message: EventStreamMessage, term: number, index: number): void => {
    last = index
    events.send(`id: ${term}:${index}\ndata: ${JSON.stringify(message)}`)
  }
  const sendEvent = (envelope: Envelope): void => {
    // A snapshot may contain events that are still being delivered to listeners.
    if (envelope.index > last)
      send({ kind: 'event', envelope: publicEnvelope(envelope) }, envelope.term, envelope.index)
  }
  const sendSnapshot = (): void => {
    const state = source.state()
    send({ kind: 'snapshot', state: publicState(state) }, state.term, state.lastEventIndex)
  }
  const missed = from && source.eventsAfter(from.index, from.term)
  if (missed) missed.forEach(sendEvent)
  else sendSnapshot()
  const unsubscribe = source.subscribe(sendEvent, sendSnapshot)
  events.onClose(unsubscribe)
}

/** `GET /events`: live events as server-sent events. `GET /events/recent`: past events. */
export const eventRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()
  routes.get('/events', headOfEvents, (c) => {
    const query = parseWith(Query, c.req.query())
    const from = position(query, c.req.header('last-event-id'))
    const events = beginEvents(c, MAX_UNREAD_BYTES)
    stream(context, events, from)
    if (query.cluster) streamClusterView(context.cluster, events, { event: 'cluster' })
    return RESPONSE_ALREADY_SENT
  })
  routes.get('/events/recent', async (c) => {
    const events = await context.source.latestEvents(parseWith(RecentQuery, c.req.query()))
    return c.json({ events: events.map(publicEnvelope) } satisfies RecentEvents)
  })
  return routes
}
