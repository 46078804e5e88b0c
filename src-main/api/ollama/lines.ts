import type { ContentDelta, LogprobEntry } from '@core/generation/stream'
import { toolCallsOf, type Delta, type Finished } from '../answering/answer'
import type { AnswerWriter } from '../answering/stream-answer'
import type { Problem } from '../problem'
import { ending, lineHead, toLogprobs, toToolCall, type Head, type Piece, type Shape } from './answer'
import { ollamaError } from './error'

type ToolCallDelta = Extract<ContentDelta, { channel: 'toolCall' }>

const line = (value: object): string => `${JSON.stringify(value)}\n`

/** Writes one answer as lines of JSON. A tool call is sent as one line, once its arguments are complete. */
export class AnswerLines implements AnswerWriter {
  readonly contentType = 'application/x-ndjson'
  /**
   * Keep-alive: white space before a line's JSON. An empty answer line would not do: Open WebUI takes one for the end.
   */
  readonly heartbeat = ' '
  /** Buffered deltas of the current tool call. */
  private call: ToolCallDelta[] = []

  constructor(
    private readonly head: Head,
    private readonly shape: Shape,
  ) {}

  begin(): string {
    return ''
  }

  delta({ content, logprobs }: Delta): string {
    const pieces = content.flatMap((delta) => this.piecesOf(delta))
    // Log probabilities go with the first part: a token has a single entry, even if its text is split between fields.
    if (logprobs && pieces.length === 0) pieces.push({})
    return pieces.map((piece, index) => this.piece(piece, index === 0 ? logprobs : undefined)).join('')
  }

  finished(end: Finished): string {
    const called = this.wholeCall().map((piece) => this.piece(piece))
    return called.join('') + line({ ...lineHead(this.head), ...this.shape({}), ...ending(end, this.head) })
  }

  failed(problem: Problem): string {
    return line(ollamaError(problem))
  }

  private piecesOf(delta: ContentDelta): Piece[] {
    if (delta.channel !== 'toolCall') {
      const called = this.wholeCall()
      if (delta.text === '') return called
      return [...called, delta.channel === 'text' ? { text: delta.text } : { reasoning: delta.text }]
    }
    const called = this.call[0] !== undefined && this.call[0].index !== delta.index ? this.wholeCall() : []
    this.call.push(delta)
    return called
  }

  /** Completes the current tool call, because the next delta does not belong to it. */
  private wholeCall(): Piece[] {
    const index = this.call[0]?.index ?? 0
    const toolCalls = toolCallsOf(this.call).map((call) => toToolCall(call, index))
    this.call = []
    return toolCalls.length > 0 ? [{ toolCalls }] : []
  }

  private piece(piece: Piece, logprobs?: readonly LogprobEntry[]): string {
    return line({ ...lineHead(this.head), ...this.shape(piece), ...toLogprobs(logprobs), done: false })
  }
}
