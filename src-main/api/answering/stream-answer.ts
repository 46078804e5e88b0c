import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { GenerationUpdate } from '@core/generation/stream'
import type { ApiEnv } from '../env'
import { firstWithin } from '../first-within'
import { failureOf } from '../generation-failure'
import type { Problem } from '../problem'
import type { Delta, Finished, Progress } from './answer'
import { AnswerSocket } from './answer-socket'
import { mergeDeltas } from './merge-deltas'

export { clientGone } from './answer-socket'

/** A stream that has to wait sends its headers after this long, so that clients know it lives. */
const HEADERS_AFTER_MS = 5000

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
  /** Absent where the dialect has no word for it. */
  progress?(progress: Progress): string
  /** The request waits behind so many others. May come before `begin`; absent where the dialect has no word for it. */
  queued?(ahead: number): string
  delta(delta: Delta): string
  finished(end: Finished): string
  failed(problem: Problem): string
}

/** An answer and how it is written. */
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
 * Streams an answer in a dialect. An error that comes before the headers is thrown as a Problem, so that it is an
 * honest status; later ones are the dialect's error event. Deltas that a slow client does not read are merged.
 */
export const streamAnswer = (
  c: Context<ApiEnv>,
  updates: AsyncIterable<GenerationUpdate>,
  writer: AnswerWriter,
): Promise<Response> => streamAnswers(c, [{ updates, writer }])

/** Streams several answers to one request into one stream, as they come; the first that fails ends them all. */
export const streamAnswers = async (c: Context<ApiEnv>, answers: readonly Streamed[]): Promise<Response> => {
  const begun = answers.map(beginning)
  const soon = await firstWithin(Promise.all(begun.map(({ first }) => first)), HEADERS_AFTER_MS)
  for (const result of soon ?? []) if (!result.done && result.value.type === 'failed') throw failureOf(result.value)
  const [one] = begun
  if (!one) throw new Error('no answer to stream')
  const socket = new AnswerSocket(c, one.writer)
  const send = async ({ iterator, writer, first, queue }: Beginning): Promise<void> => {
    const stream = new AnswerStream(socket, writer)
    queue.follow((place) => stream.take(place))
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

/** An answer whose first update is awaited, places in the queue apart: they open no stream, so that a refusal of one
 * that waited only shortly is an honest status. */
interface Beginning {
  readonly iterator: AsyncIterator<GenerationUpdate>
  readonly writer: AnswerWriter
  readonly first: Promise<IteratorResult<GenerationUpdate>>
  readonly queue: Queue
}

/** The latest place in the queue, for whoever follows it. */
class Queue {
  private latest: Progress | undefined
  private listener: ((place: Progress) => void) | undefined

  tell(place: Progress): void {
    this.latest = place
    this.listener?.(place)
  }

  follow(listener: (place: Progress) => void): void {
    this.listener = listener
    if (this.latest) listener(this.latest)
  }
}

const beginning = ({ updates, writer }: Streamed): Beginning => {
  const iterator = updates[Symbol.asyncIterator]()
  const queue = new Queue()
  const first = async (): Promise<IteratorResult<GenerationUpdate>> => {
    for (;;) {
      const result = await iterator.next()
      if (result.done || result.value.type !== 'progress' || result.value.ahead === undefined) return result
      queue.tell(result.value)
    }
  }
  return { iterator, writer, first: first(), queue }
}

/** One answer's part of the stream. */
class AnswerStream {
  private begun = false
  /** What a slow client has not been sent yet. */
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
        return this.tellProgress(update)
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

  /** Only the latest is of use: a client that does not read is not told. */
  private tellProgress(progress: Progress): void {
    if (this.socket.isFull) return
    if (progress.ahead !== undefined) return this.socket.write(this.writer.queued?.(progress.ahead) ?? '')
    const told = this.writer.progress?.(progress) ?? ''
    if (told !== '') this.socket.write(this.beginning() + told)
  }

  /** The node itself failed in mid-stream. */
  fail(): void {
    const message = 'This node failed to answer; its log says why'
    this.endWith(this.writer.failed(failureOf({ type: 'failed', code: 'runner_failed', message })))
  }

  /** The end of all answers of the stream: its client is told why, and the others are cancelled as if it had left. */
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
    return this.writer.begin()
  }
}
