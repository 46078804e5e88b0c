import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { GenerationUpdate } from '@core/generation/stream'
import type { ApiEnv } from '../env'
import { firstWithin } from '../first-within'
import { failureOf } from '../generation-failure'
import type { Problem } from '../problem'
import type { Delta, Finished } from './answer'
import { mergeDeltas } from './merge-deltas'

/** A stream that has to wait sends its headers after this long, so that clients know it lives. */
const HEADERS_AFTER_MS = 5000
/** A silence of this length is broken: proxies and clients give up on connections that say nothing. */
const HEARTBEAT_MS = 5000

/**
 * How a dialect writes a streamed answer; each method gives text for the socket, '' for nothing. `begin` comes once
 * before the first delta or the end, then any number of `delta`, then one `finished` or `failed`, which may also come
 * before `begin`.
 */
export interface AnswerWriter {
  readonly contentType: string
  /** What breaks a silence; undefined where the dialect has nothing that says nothing. */
  readonly heartbeat: string | undefined
  begin(): string
  delta(delta: Delta): string
  finished(end: Finished): string
  failed(problem: Problem): string
}

/** Aborts when the client goes away before the answer is complete. */
export const clientGone = (out: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  out.on('close', () => gone.abort())
  return gone.signal
}

/**
 * Streams an answer in a dialect. An error that comes before the headers is thrown as a Problem, so that it is an
 * honest status; later ones are the dialect's error event. Deltas that a slow client does not read are merged.
 */
export const streamAnswer = async (
  c: Context<ApiEnv>,
  updates: AsyncIterable<GenerationUpdate>,
  writer: AnswerWriter,
): Promise<Response> => {
  const iterator = updates[Symbol.asyncIterator]()
  const first = iterator.next()
  const soon = await firstWithin(first, HEADERS_AFTER_MS)
  if (soon && !soon.done && soon.value.type === 'failed') throw failureOf(soon.value)
  const stream = new AnswerStream(c, writer)
  try {
    for (let result = await first; !result.done; result = await iterator.next()) stream.take(result.value)
  } catch (error) {
    stream.fail()
    throw error
  } finally {
    stream.close()
  }
  return RESPONSE_ALREADY_SENT
}

/** The socket's side of one answer. */
class AnswerStream {
  private readonly out: ServerResponse
  private readonly heartbeat: NodeJS.Timeout | undefined
  private begun = false
  /** What a slow client has not been sent yet. */
  private waiting: Delta | undefined

  constructor(
    c: Context<ApiEnv>,
    private readonly writer: AnswerWriter,
  ) {
    this.out = c.env.outgoing
    // Not from c.res: looking at it makes Hono write a response of its own.
    const origin = c.get('allowedOrigin')
    const ignored = c.get('ignoredFields')
    this.out.writeHead(200, {
      'content-type': writer.contentType,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...(origin !== undefined && { 'access-control-allow-origin': origin }),
      ...(ignored !== undefined && { 'x-muster-ignored-fields': ignored }),
    })
    this.out.flushHeaders()
    const { heartbeat } = writer
    this.heartbeat = heartbeat === undefined ? undefined : setInterval(() => this.out.write(heartbeat), HEARTBEAT_MS)
    this.out.on('drain', () => this.sendWaiting())
  }

  take(update: GenerationUpdate): void {
    switch (update.type) {
      case 'progress':
      case 'embedding':
        return
      case 'delta':
        this.waiting = this.waiting ? mergeDeltas(this.waiting, update) : update
        if (!this.out.writableNeedDrain) this.sendWaiting()
        return
      case 'failed':
        this.sendWaiting()
        this.write(this.writer.failed(failureOf(update)))
        return
      case 'finished':
        this.sendWaiting()
        this.write(this.beginning() + this.writer.finished(update))
        return
    }
  }

  /** The node itself failed in mid-stream. */
  fail(): void {
    const message = 'This node failed to answer; its log says why'
    this.write(this.writer.failed(failureOf({ type: 'failed', code: 'runner_failed', message })))
  }

  close(): void {
    clearInterval(this.heartbeat)
    this.out.end()
  }

  private sendWaiting(): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting) this.write(this.beginning() + this.writer.delta(waiting))
  }

  private beginning(): string {
    if (this.begun) return ''
    this.begun = true
    return this.writer.begin()
  }

  private write(text: string): void {
    if (text === '') return
    this.heartbeat?.refresh()
    this.out.write(text)
  }
}
