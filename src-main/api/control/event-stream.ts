import type { Writable } from 'node:stream'
import type { Context, MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../env'
import { corsHeaders } from '../middleware/origin'

const KEEP_ALIVE_MS = 15_000

/** A server-sent events response, open until the client disconnects. */
export interface EventStream {
  /** Sends one event, as its text. */
  send(event: string): void
  onClose(listener: () => void): void
}

/**
 * Sends events to a client. One with more than `maxUnreadBytes` unread is not reading, and is disconnected; it can
 * reconnect.
 */
export const eventStreamTo = (
  out: Pick<Writable, 'writableLength' | 'write' | 'destroy' | 'on'>,
  maxUnreadBytes: number,
): EventStream => ({
  send: (event) => {
    if (out.writableLength > maxUnreadBytes) out.destroy()
    else out.write(`${event}\n\n`)
  },
  onClose: (listener) => void out.on('close', listener),
})

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } as const

/** Answers HEAD on a route of events, whose handler would begin a stream that nobody reads. */
export const headOfEvents: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.method === 'HEAD') return c.body(null, 200, HEADERS)
  await next()
  return undefined
}

/** Starts a server-sent events response, with comments as keep-alive. `maxUnreadBytes`: see `eventStreamTo`. */
export const beginEvents = (c: Context<ApiEnv>, maxUnreadBytes: number): EventStream => {
  const out = c.env.outgoing
  // Read from the Node response: accessing c.res makes Hono create a response of its own.
  out.writeHead(200, {
    ...HEADERS,
    connection: 'keep-alive',
    ...corsHeaders(c.get('allowedOrigin')),
  })
  // Without this, headers are sent with the first event, and until then a client cannot tell that it is connected.
  out.flushHeaders()
  const events = eventStreamTo(out, maxUnreadBytes)
  const keepAlive = setInterval(() => events.send(':'), KEEP_ALIVE_MS)
  events.onClose(() => clearInterval(keepAlive))
  return events
}
