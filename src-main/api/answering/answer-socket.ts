import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { ApiEnv } from '../env'
import { corsHeaders } from '../middleware/origin'

/** A silence of this length is broken: proxies and clients give up on connections that say nothing. */
const HEARTBEAT_MS = 5000

/** Aborts when the client goes away before the answer is complete. */
export const clientGone = (out: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  out.on('close', () => gone.abort())
  return gone.signal
}

/** The socket of one streamed answer: its headers, what breaks its silences, and whether its client reads. */
export class AnswerSocket {
  private readonly out: ServerResponse
  private readonly heartbeat: NodeJS.Timeout | undefined
  private readonly drained = new Set<() => void>()

  constructor(
    c: Context<ApiEnv>,
    { contentType, heartbeat }: { readonly contentType: string; readonly heartbeat: string | undefined },
  ) {
    this.out = c.env.outgoing
    // Not from c.res: looking at it makes Hono write a response of its own.
    const ignored = c.get('ignoredFields')
    this.out.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...corsHeaders(c.get('allowedOrigin')),
      ...c.get('rateLimits'),
      ...(ignored !== undefined && { 'x-muster-ignored-fields': ignored }),
    })
    this.out.flushHeaders()
    this.heartbeat = heartbeat === undefined ? undefined : setInterval(() => this.beat(heartbeat), HEARTBEAT_MS)
    this.out.on('drain', () => this.drained.forEach((listener) => listener()))
  }

  /** The client reads more slowly than it is written to. */
  get isFull(): boolean {
    return this.out.writableNeedDrain
  }

  onDrain(listener: () => void): void {
    this.drained.add(listener)
  }

  /** Nothing is written after the end. */
  write(text: string): void {
    if (text === '' || this.out.writableEnded) return
    this.heartbeat?.refresh()
    this.out.write(text)
  }

  /** To a client that does not read there is enough to be read. */
  private beat(heartbeat: string): void {
    if (!this.isFull) this.out.write(heartbeat)
  }

  end(): void {
    clearInterval(this.heartbeat)
    this.out.end()
  }
}
