import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { ApiEnv } from '../env'
import { corsHeaders } from '../middleware/origin'

const KEEP_ALIVE_MS = 15_000

/** Starts a server-sent events response, open until the client disconnects, with comments as keep-alive. */
export const beginEvents = (c: Context<ApiEnv>): ServerResponse => {
  const out = c.env.outgoing
  // Read from the Node response: accessing c.res makes Hono create a response of its own.
  out.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    connection: 'keep-alive',
    ...corsHeaders(c.get('allowedOrigin')),
  })
  // Without this, headers are sent with the first event, and until then a client cannot tell that it is connected.
  out.flushHeaders()
  const keepAlive = setInterval(() => out.write(':\n\n'), KEEP_ALIVE_MS)
  out.on('close', () => clearInterval(keepAlive))
  return out
}
