import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { NodeLogQuery } from '@core/protocols/node-log'
import { parseWith } from '../body'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { beginEvents, headOfEvents, type EventStream } from './event-stream'

/** A client that is disconnected for being behind can reconnect with `since`. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

const follow = (log: ApiContext['log'], events: EventStream, query: NodeLogQuery): void => {
  const send = (line: string): void => events.send(`data: ${line}`)
  // No line can be lost in between: reading and writing the log are synchronous.
  log.lastLines(query).forEach(send)
  events.onClose(log.subscribe(send))
}

/** This node's log. */
export const nodeLogRoutes = ({ log }: Pick<ApiContext, 'log'>): Hono<ApiEnv> => {
  const routes = new Hono<ApiEnv>()
  routes.get('/node/log', (c) => {
    const lines = log.lastLines(parseWith(NodeLogQuery, c.req.query()))
    return c.body(lines.map((line) => `${line}\n`).join(''), 200, { 'content-type': 'application/x-ndjson' })
  })
  routes.get('/node/log/events', headOfEvents, (c) => {
    const query = parseWith(NodeLogQuery, c.req.query())
    follow(log, beginEvents(c, MAX_UNREAD_BYTES), query)
    return RESPONSE_ALREADY_SENT
  })
  return routes
}
