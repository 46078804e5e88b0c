import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { GenerationUpdate, Usage } from '@core/generation/stream'
import type { ApiEnv } from '../env'
import { firstWithin } from '../first-within'
import { failureOf } from '../generation-failure'
import type { Problem } from '../problem'
import type { Delta, Finished, Progress } from './answer'
import { AnswerSocket } from './answer-socket'
import { mergeDeltas } from './merge-deltas'

export { clientGone } from './answer-socket'

/** Send the headers of a waiting stream after this long, so that clients see a live connection. */
const HEADERS_AFTER_MS = 5000

/** Token counts of the prompt, known once its computation begins. */
export type KnownPrompt = Pick<Usage, 'promptTokens' | 'cachedTokens'>

/**
 * Writes a streamed answer in one dialect. Each method returns text for the socket, '' for nothing. Order: `begin` once
 * when the prompt's length is known, at the latest before the first delta or the end, then any number of `delta`, then
 * one `finished` or `failed`, which may also come without `begin`.
 */
export interface AnswerWriter {
  readonly contentType: string
  /** Keep-alive text; undefined where the dialect has no no-op. */
  readonly heartbeat: string | undefined
  begin(prompt?: KnownPrompt): string
  /** Absent if the dialect cannot report progress. */
  progress?(progress: Progress): string
  /** Position in the queue. May come before `begin`; absent if the dialect cannot report it. */
  queued?(ahead: number): string
  delta(delta: Delta): string
  finished(end: Finished): string
  failed(problem: Problem): string
}

/** An answer with its writer. */
export interface Streamed {
  readonly updates: AsyncIterable<GenerationUpdate>
  readonly writer: AnswerWriter
}

/** Answers with their writers, in order. */
export const paired = (
  answers: readonly AsyncIterable<GenerationUpdate>[],
  writers: readonly AnswerWriter[],
): Streamed[] =>
  answers.flatMap((updates, index) => {
    const writer = writers[index]
    return writer ? [{ updates, writer }] : []
  })

/**
 * Streams an answer in a dialect. An error before the headers are sent is thrown as a Problem, so that the response has
 * its HTTP status; later errors become the dialect's error event. Deltas are merged for slow clients.
 */
export const streamAnswer = (
  c: Context<ApiEnv>,
  updates: AsyncIterable<GenerationUpdate>,
  writer: AnswerWriter,
): Promise<Response> => streamAnswers(c, [{ updates, writer }])

/** Interleaves several answers of one request in one stream; the first failure ends all of them. */
export const streamAnswers = async (c: Context<ApiEnv>, answers: readonly Streamed[]): Promise<Response> => {
  const begun = answers.map(beginning)
  const soon = await firstWithin(Promise.all(begun.map(({ first }) => first)), HEADERS_AFTER_MS)
  for (const result of soon ?? []) if (!result.done && result.value.type === 'failed') throw failureOf(result.value)
  const [one] = begun
  if (!one) throw new Error('no answer to stream')
  const socket = new AnswerSocket(c, one.writer)
  const send = async ({ iterator, writer, first, early }: Beginning): Promise<void> => {
    const stream = new AnswerStream(socket, writer)
    early.follow((progress) => stream.take(progress))
    try {
      for (let result = await first; !result.done; result = await iterator.next()) stream.take(result.value)
    } catch (error) {
      stream.fail()
      throw error
    }
  }
  try {
    await Promise.all(begun.map(send))
  } finally {
    socket.end()
  }
  return RESPONSE_ALREADY_SENT
}

/**
 * An answer whose first update has not arrived. Queue positions and prompt progress before it do not open the stream,
 * so that a refusal after a short wait still gets its HTTP status.
 */
interface Beginning {
  readonly iterator: AsyncIterator<GenerationUpdate>
  readonly writer: AnswerWriter
  readonly first: Promise<IteratorResult<GenerationUpdate>>
  readonly early: EarlyProgress
}

/** Keeps the latest progress before the first update, until the stream is open and follows it. */
class EarlyProgress {
  private latest: Progress | undefined
  private listener: ((progress: Progress) => void) | undefined

  set(progress: Progress): void {
    this.latest = progress
    this.listener?.(progress)
  }

  follow(listener: (progress: Progress) => void): void {
    this.listener = listener
    if (this.latest) listener(this.latest)
  }
}

const beginning = ({ updates, writer }: Streamed): Beginning => {
  const iterator = updates[Symbol.asyncIterator]()
  const early = new EarlyProgress()
  const first = async (): Promise<IteratorResult<GenerationUpdate>> => {
    for (;;) {
      const result = await iterator.next()
      if (result.done || result.value.type !== 'progress') return result
      const { ahead, cached } = result.value
      if (ahead === undefined && cached === undefined) return result
      early.set(result.value)
    }
  }
  return { iterator, writer, first: first(), early }
}

/** Writes one of the answers that share a socket. */
class AnswerStream {
  private begun = false
  private prompt: KnownPrompt | undefined
  /** Merged deltas not yet sent because of backpressure. */
  private waiting: Delta | undefined

  constructor(
    private readonly socket: AnswerSocket,
    private readonly writer: AnswerWriter,
  ) {
    socket.onDrain(() => this.sendWaiting())
  }

  take(update: GenerationUpdate): void {
    switch (update.type) {
      case 'progress':
        return this.sendProgress(update)
      case 'embeddings':
        return
      case 'delta':
        this.waiting = this.waiting ? mergeDeltas(this.waiting, update) : update
        if (!this.socket.isFull) this.sendWaiting()
        return
      case 'failed':
        this.sendWaiting()
        this.endWith(this.writer.failed(failureOf(update)))
        return
      case 'finished':
        this.sendWaiting()
        this.socket.write(this.beginning() + this.writer.finished(update))
        return
    }
  }

  /** Only the latest position matters, and none is sent under backpressure. */
  private sendProgress(progress: Progress): void {
    const { total, cached } = progress
    if (cached !== undefined) {
      this.prompt = { promptTokens: total, cachedTokens: cached }
      this.socket.write(this.beginning())
    }
    if (this.socket.isFull) return
    if (progress.ahead !== undefined) return this.socket.write(this.writer.queued?.(progress.ahead) ?? '')
    const text = this.writer.progress?.(progress) ?? ''
    if (text !== '') this.socket.write(this.beginning() + text)
  }

  /** Internal error of the node in mid-stream. */
  fail(): void {
    const message = 'This node failed to answer; its log says why'
    this.endWith(this.writer.failed(failureOf({ type: 'failed', code: 'runner_failed', message })))
  }

  /** Ends all answers of the stream: sends the error to the client and cancels the rest as if it had disconnected. */
  private endWith(text: string): void {
    this.socket.write(text)
    this.socket.end()
  }

  private sendWaiting(): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting) this.socket.write(this.beginning() + this.writer.delta(waiting))
  }

  private beginning(): string {
    if (this.begun) return ''
    this.begun = true
    return this.writer.begin(this.prompt)
  }
}
