import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { ApiEnv } from '../env'
import { corsHeaders } from '../middleware/origin'

const KEEP_ALIVE_MS = 15_000

/** Begins an answer of server-sent events, which stays open until the client goes, kept alive by comments. */
export const beginEvents = (c: Context<ApiEnv>): ServerResponse => {
  const out = c.env.outgoing
  // Not from c.res: looking at it makes Hono write a response of its own.
  out.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    connection: 'keep-alive',
    ...corsHeaders(c.get('allowedOrigin')),
  })
  const keepAlive = setInterval(() => out.write(':\n\n'), KEEP_ALIVE_MS)
  out.on('close', () => clearInterval(keepAlive))
  return out
}
