import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { ApiEnv } from '../env'
import { corsHeaders } from '../middleware/origin'

/** Keep-alive interval: proxies and clients drop connections that stay silent longer. */
const HEARTBEAT_MS = 5000

/**
 * Aborts when the client disconnects before the answer is complete; aborted already if it did so while its request was
 * read and checked.
 */
export const clientGone = (out: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  if (out.closed || out.destroyed) gone.abort()
  else out.on('close', () => gone.abort())
  return gone.signal
}

/** The socket of one streamed answer: headers, keep-alives and backpressure. */
export class AnswerSocket {
  private readonly out: ServerResponse
  private readonly heartbeat: NodeJS.Timeout | undefined
  private readonly drained = new Set<() => void>()

  constructor(
    c: Context<ApiEnv>,
    { contentType, heartbeat }: { readonly contentType: string; readonly heartbeat: string | undefined },
  ) {
    this.out = c.env.outgoing
    // Read from the Node response: accessing c.res makes Hono create a response of its own.
    const ignored = c.get('ignoredFields')
    const queued = c.get('queued')
    const requestId = c.get('requestId')
    this.out.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...corsHeaders(c.get('allowedOrigin')),
      ...c.get('rateLimits'),
      ...(ignored !== undefined && { 'x-muster-ignored-fields': ignored }),
      ...(queued !== undefined && { 'x-muster-queued': queued }),
      ...(requestId !== undefined && { 'request-id': requestId }),
    })
    this.out.flushHeaders()
    this.heartbeat = heartbeat === undefined ? undefined : setInterval(() => this.beat(heartbeat), HEARTBEAT_MS)
    this.out.on('drain', () => this.drained.forEach((listener) => listener()))
  }

  /** Backpressure: the client reads more slowly than the answer is written. */
  get isFull(): boolean {
    return this.out.writableNeedDrain
  }

  onDrain(listener: () => void): void {
    this.drained.add(listener)
  }

  /** Writes after the end are ignored. */
  write(text: string): void {
    if (text === '' || this.out.writableEnded) return
    this.heartbeat?.refresh()
    this.out.write(text)
  }

  /** A client that does not read needs no keep-alive. */
  private beat(heartbeat: string): void {
    if (!this.isFull) this.out.write(heartbeat)
  }

  end(): void {
    clearInterval(this.heartbeat)
    this.out.end()
  }
}
