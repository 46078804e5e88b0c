import type { ContentDelta } from '@core/generation/stream'
import type { Delta, Finished } from '../answering/answer'
import { queuedComment } from '../answering/queued-comment'
import type { AnswerWriter, KnownPrompt } from '../answering/stream-answer'
import type { Problem } from '../problem'
import { anthropicError, newRequestId } from './error'
import { emptyMessage, SIGNATURE, stopOf, toUsage, type Head } from './message'

const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`

/** The open content block: its channel and, for a tool call, the call's index. */
type Open = { readonly channel: 'text' | 'reasoning' } | { readonly channel: 'toolCall'; readonly call: number }

const belongs = (open: Open, delta: ContentDelta): boolean =>
  open.channel === 'toolCall'
    ? delta.channel === 'toolCall' && delta.index === open.call
    : delta.channel === open.channel

const startOf = (delta: ContentDelta): object => {
  switch (delta.channel) {
    case 'text':
      return { type: 'text', text: '', citations: null }
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'toolCall':
      return { type: 'tool_use', id: delta.id ?? `toolu_${delta.index}`, name: delta.name ?? '', input: {} }
  }
}

const moreOf = (delta: ContentDelta): object | undefined => {
  switch (delta.channel) {
    case 'text':
      return delta.text === '' ? undefined : { type: 'text_delta', text: delta.text }
    case 'reasoning':
      return delta.text === '' ? undefined : { type: 'thinking_delta', thinking: delta.text }
    case 'toolCall':
      return delta.arguments === '' ? undefined : { type: 'input_json_delta', partial_json: delta.arguments }
  }
}

/**
 * Writes the SSE events of one message. Consecutive deltas of one channel form a content block with a start and a stop
 * event. See https://docs.anthropic.com/en/docs/build-with-claude/streaming.
 */
export class MessageEvents implements AnswerWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly heartbeat = event('ping', {})
  readonly queued = queuedComment
  /** Index of the open content block, or of the next one. */
  private index = 0
  private open: Open | undefined

  constructor(
    private readonly head: Head,
    private readonly requestId = newRequestId(),
  ) {}

  /** Clients read the prompt's token counts from this event. */
  begin(prompt?: KnownPrompt): string {
    return event('message_start', { message: emptyMessage(this.head, prompt) })
  }

  delta({ content }: Delta): string {
    return content.map((delta) => this.part(delta)).join('')
  }

  finished(end: Finished): string {
    const ended = event('message_delta', { delta: stopOf(end), usage: toUsage(end.usage) })
    return this.close() + ended + event('message_stop', {})
  }

  failed(problem: Problem): string {
    return event('error', anthropicError(problem, this.requestId))
  }

  private part(delta: ContentDelta): string {
    const goesOn = this.open !== undefined && belongs(this.open, delta)
    const more = moreOf(delta)
    // A tool call without arguments is still a call; an empty text opens no block.
    if (!more && (goesOn || delta.channel !== 'toolCall')) return ''
    return (goesOn ? '' : this.close() + this.start(delta)) + (more ? this.inBlock(more) : '')
  }

  private start(delta: ContentDelta): string {
    this.open =
      delta.channel === 'toolCall' ? { channel: delta.channel, call: delta.index } : { channel: delta.channel }
    return event('content_block_start', { index: this.index, content_block: startOf(delta) })
  }

  private inBlock(delta: object): string {
    return event('content_block_delta', { index: this.index, delta })
  }

  private close(): string {
    if (!this.open) return ''
    const signature =
      this.open.channel === 'reasoning' ? this.inBlock({ type: 'signature_delta', signature: SIGNATURE }) : ''
    const stop = event('content_block_stop', { index: this.index })
    this.open = undefined
    this.index += 1
    return signature + stop
  }
}
