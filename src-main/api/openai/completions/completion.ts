import { textOn, type FinishReason } from '@core/generation/stream'
import type { Answer, Delta, Finished } from '../../answering/answer'
import { queuedComment } from '../../answering/queued-comment'
import type { AnswerWriter } from '../../answering/stream-answer'
import { openaiError } from '../../dialect'
import type { Problem } from '../../problem'
import { usageOfChoices } from '../choices'
import type { Head } from '../head'
import { StreamEnd } from '../stream-end'
import { toUsage } from '../usage'
import { listedLogprobs } from './logprobs'
import type { Wanted } from './translate'

/** Completions have no tools: calls are text. */
const FINISH_REASONS = {
  stop: 'stop',
  length: 'length',
  toolCalls: 'stop',
  cancelled: 'stop',
} as const satisfies Record<FinishReason, string>

/** Builds a completion with one choice per answer. */
export const toCompletion = (
  head: Head,
  answers: readonly (Pick<Wanted, 'echo'> & { readonly answer: Answer })[],
  perPrompt: number,
): object => ({
  ...head,
  object: 'text_completion',
  choices: answers.map(({ answer, echo }, index) => ({
    index,
    text: echo + answer.text,
    logprobs: answer.logprobs ? listedLogprobs(answer.logprobs, echo.length) : null,
    finish_reason: FINISH_REASONS[answer.end.reason],
  })),
  usage: toUsage(
    usageOfChoices(
      answers.map(({ answer }) => answer.end.usage),
      perPrompt,
    ),
  ),
})

/** Writes the chunks of one choice. */
class TextChunks implements AnswerWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly heartbeat = ': alive\n\n'
  readonly queued = queuedComment
  private offset: number

  constructor(
    private readonly index: number,
    private readonly echo: string,
    private readonly shared: { head: string; end: StreamEnd },
  ) {
    this.offset = echo.length
  }

  begin(): string {
    return this.echo === '' ? '' : this.chunk({ text: this.echo, logprobs: null, finish_reason: null })
  }

  delta({ content, logprobs }: Delta): string {
    const text = textOn('text', content)
    if (text === '' && !logprobs) return ''
    const listed = logprobs ? listedLogprobs(logprobs, this.offset) : null
    this.offset += text.length
    return this.chunk({ text, logprobs: listed, finish_reason: null })
  }

  finished({ reason, usage }: Finished): string {
    const last = this.chunk({ text: '', logprobs: null, finish_reason: FINISH_REASONS[reason] })
    return last + this.shared.end.after(this.index, usage)
  }

  failed(problem: Problem): string {
    return `data: ${JSON.stringify(openaiError(problem))}\n\n`
  }

  private chunk(choice: object): string {
    return `data: ${this.shared.head},"choices":[${JSON.stringify({ index: this.index, ...choice })}]}\n\n`
  }
}

/** Creates a writer for each choice of a streamed completion. */
export const textChunksOf = (
  { id, created, model }: Head,
  wanted: readonly Wanted[],
  { perPrompt, includeUsage }: { readonly perPrompt: number; readonly includeUsage: boolean },
): AnswerWriter[] => {
  const head = JSON.stringify({ id, object: 'text_completion', created, model }).slice(0, -1)
  const end = new StreamEnd({ choices: wanted.length, perPrompt, head: includeUsage ? head : undefined })
  return wanted.map(({ echo }, index) => new TextChunks(index, echo, { head, end }))
}
