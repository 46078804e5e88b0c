import type { ContentDelta, LogprobEntry } from '@core/generation/stream'
import type { Delta, Finished, Progress } from '../../answering/answer'
import { queuedComment } from '../../answering/queued-comment'
import type { AnswerWriter } from '../../answering/stream-answer'
import { openaiError } from '../../dialect'
import type { Problem } from '../../problem'
import type { Head } from '../head'
import { StreamEnd } from '../stream-end'
import { CustomCalls } from './custom-calls'
import { toFinishReason, toLogprobs, type CallForm } from './completion'

export interface ChunksOptions {
  /** Number of choices in the stream. */
  readonly choices: number
  readonly includeUsage: boolean
  readonly callForm: CallForm
  /** Whether to send chunks with prompt progress. */
  readonly reportsProgress: boolean
}

const deltaFrom = (delta: ContentDelta, form: CallForm): object => {
  switch (delta.channel) {
    case 'text':
      return { content: delta.text }
    case 'reasoning':
      return { reasoning_content: delta.text }
    case 'toolCall': {
      const { index, id, name, arguments: text } = delta
      const named = { ...(name !== undefined && { name }), arguments: text }
      if (form.kind === 'function') return { function_call: named }
      return { tool_calls: [{ index, ...(id !== undefined && { id, type: 'function' }), function: named }] }
    }
  }
}

/** Writes the chunks of one choice; the shared fields are serialised once. */
class Chunks implements AnswerWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly heartbeat = ': alive\n\n'
  private readonly calls: CustomCalls

  constructor(
    private readonly index: number,
    private readonly shared: { head: string; tail: string; end: StreamEnd; form: CallForm; reportsProgress: boolean },
  ) {
    this.calls = new CustomCalls(shared.form)
  }

  begin(): string {
    return this.chunk({ role: 'assistant', content: '' })
  }

  progress({ processed, total }: Progress): string {
    return this.shared.reportsProgress ? this.beside('prompt_progress', { processed, total }) : ''
  }

  queued(ahead: number): string {
    return this.shared.reportsProgress ? this.beside('queue', { ahead }) : queuedComment(ahead)
  }

  delta({ content, logprobs }: Delta): string {
    const immediate = content.filter((delta) => !this.calls.take(delta))
    const [first = { channel: 'text', text: '' } as const, ...others] = immediate
    if (immediate.length === 0 && !logprobs) return ''
    const { form } = this.shared
    // Log probabilities go with the first part: a token has a single entry, even if its text is split between fields.
    return (
      this.chunk(deltaFrom(first, form), { logprobs }) +
      others.map((part) => this.chunk(deltaFrom(part, form))).join('')
    )
  }

  finished({ reason, usage }: Finished): string {
    const { end, form } = this.shared
    const calls = this.calls.collected()
    const custom = calls.length > 0 ? this.chunk({ tool_calls: calls }) : ''
    return custom + this.chunk({}, { reason: toFinishReason(reason, form) }) + end.after(this.index, usage)
  }

  failed(problem: Problem): string {
    return `data: ${JSON.stringify(openaiError(problem))}\n\n`
  }

  /** A chunk with an empty delta and one extra field. */
  private beside(field: string, value: object): string {
    const choice = { index: this.index, delta: {}, logprobs: null, finish_reason: null }
    const { head, tail } = this.shared
    return `data: ${head},"choices":[${JSON.stringify(choice)}],"${field}":${JSON.stringify(value)}${tail}`
  }

  private chunk(
    delta: object,
    { logprobs, reason }: { logprobs?: readonly LogprobEntry[] | undefined; reason?: string } = {},
  ): string {
    const choice = {
      index: this.index,
      delta,
      logprobs: logprobs ? toLogprobs(logprobs) : null,
      finish_reason: reason ?? null,
    }
    return `data: ${this.shared.head},"choices":[${JSON.stringify(choice)}]${this.shared.tail}`
  }
}

/** Creates a writer for each choice of a streamed completion. */
export const chunksOf = (
  { id, created, model }: Head,
  { choices, includeUsage, callForm, reportsProgress }: ChunksOptions,
): AnswerWriter[] => {
  const head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)
  const end = new StreamEnd({ choices, perPrompt: choices, head: includeUsage ? head : undefined })
  const tail = includeUsage ? ',"usage":null}\n\n' : '}\n\n'
  return Array.from(
    { length: choices },
    (_, index) => new Chunks(index, { head, tail, end, form: callForm, reportsProgress }),
  )
}
