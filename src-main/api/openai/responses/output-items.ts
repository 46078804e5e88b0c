import { randomUUID } from 'node:crypto'
import type { LogprobEntry } from '@core/generation/stream'
import { customInput } from '../custom-tools'

/** A token with its alternatives, in OpenAI's format. */
type TokenLogprob = Omit<LogprobEntry, 'top'> & { readonly top_logprobs: LogprobEntry['top'] }

const toLogprob = ({ top, ...token }: LogprobEntry): TokenLogprob => ({ ...token, top_logprobs: top })

interface Base {
  readonly id: string
  readonly status: 'in_progress' | 'completed' | 'incomplete'
}
interface TextContent {
  readonly type: 'output_text'
  readonly text: string
  readonly annotations: readonly never[]
  readonly logprobs: readonly TokenLogprob[]
}

/** An output item; clients may send it back as input unchanged. */
export type OutputItem = Base &
  (
    | { readonly type: 'message'; readonly role: 'assistant'; readonly content: TextContent[] }
    | {
        readonly type: 'reasoning'
        readonly summary: never[]
        readonly content: { readonly type: 'reasoning_text'; readonly text: string }[]
      }
    | {
        readonly type: 'function_call'
        readonly call_id: string
        readonly name: string
        readonly arguments: string
      }
    | { readonly type: 'custom_tool_call'; readonly call_id: string; readonly name: string; readonly input: string }
  )

/** A stream event before it gets its sequence number. */
export interface ResponseEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** An output item in progress. `begin` and `add` return the events to send, `end` those that complete it. */
export interface OpenItem {
  begin(): ResponseEvent[]
  add(text: string, logprobs?: readonly LogprobEntry[]): ResponseEvent[]
  end(status: 'completed' | 'incomplete'): ResponseEvent[]
  item(status: Base['status']): OutputItem
}

const newId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '')}`

/** Text or reasoning: an item with one growing part. */
export class TextItem implements OpenItem {
  private readonly id: string
  private text = ''
  private readonly logprobs: TokenLogprob[] = []

  constructor(
    private readonly kind: 'message' | 'reasoning',
    private readonly index: number,
  ) {
    this.id = newId(kind === 'message' ? 'msg' : 'rs')
  }

  begin(): ResponseEvent[] {
    const empty = this.kind === 'message' ? this.part('', []) : { type: 'reasoning_text', text: '' }
    return [
      {
        type: 'response.output_item.added',
        output_index: this.index,
        item: { ...this.item('in_progress'), content: [] },
      },
      this.event('response.content_part.added', { part: empty }),
    ]
  }

  add(text: string, logprobs: readonly LogprobEntry[] = []): ResponseEvent[] {
    const entries = logprobs.map(toLogprob)
    this.text += text
    for (const entry of entries) this.logprobs.push(entry)
    const more = this.kind === 'message' ? { logprobs: entries } : {}
    return [this.event(`response.${this.channel}.delta`, { delta: text, ...more })]
  }

  end(status: 'completed' | 'incomplete'): ResponseEvent[] {
    const item = this.item(status)
    const part = item.type === 'message' || item.type === 'reasoning' ? item.content[0] : undefined
    const more = this.kind === 'message' ? { logprobs: this.logprobs } : {}
    return [
      this.event(`response.${this.channel}.done`, { text: this.text, ...more }),
      this.event('response.content_part.done', { part }),
      { type: 'response.output_item.done', output_index: this.index, item },
    ]
  }

  item(status: Base['status']): OutputItem {
    return this.kind === 'message'
      ? { id: this.id, type: 'message', status, role: 'assistant', content: [this.part(this.text, this.logprobs)] }
      : { id: this.id, type: 'reasoning', status, summary: [], content: [{ type: 'reasoning_text', text: this.text }] }
  }

  private get channel(): string {
    return this.kind === 'message' ? 'output_text' : 'reasoning_text'
  }

  private part(text: string, logprobs: readonly TokenLogprob[]): TextContent {
    return { type: 'output_text', text, annotations: [], logprobs }
  }

  private event(type: string, more: object): ResponseEvent {
    return { type, item_id: this.id, output_index: this.index, content_index: 0, ...more }
  }
}

interface Call {
  readonly callId: string
  readonly name: string
}

/** A function call, whose arguments are streamed. */
export class FunctionCallItem implements OpenItem {
  private readonly id = newId('fc')
  private text = ''

  constructor(
    private readonly call: Call,
    private readonly index: number,
  ) {}

  begin(): ResponseEvent[] {
    return [{ type: 'response.output_item.added', output_index: this.index, item: this.item('in_progress') }]
  }

  add(text: string): ResponseEvent[] {
    this.text += text
    return text === '' ? [] : [this.event('delta', { delta: text })]
  }

  end(status: 'completed' | 'incomplete'): ResponseEvent[] {
    return [
      this.event('done', { name: this.call.name, arguments: this.text }),
      { type: 'response.output_item.done', output_index: this.index, item: this.item(status) },
    ]
  }

  item(status: Base['status']): OutputItem {
    const { callId, name } = this.call
    return { id: this.id, type: 'function_call', status, call_id: callId, name, arguments: this.text }
  }

  private event(kind: 'delta' | 'done', more: object): ResponseEvent {
    const type = `response.function_call_arguments.${kind}`
    return { type, item_id: this.id, output_index: this.index, ...more }
  }
}

/** A custom tool call. Its input is sent as a whole, because it can be extracted only from complete JSON. */
export class CustomCallItem implements OpenItem {
  private readonly id = newId('ctc')
  private text = ''

  constructor(
    private readonly call: Call,
    private readonly index: number,
  ) {}

  begin(): ResponseEvent[] {
    const item = { ...this.item('in_progress'), input: '' }
    return [{ type: 'response.output_item.added', output_index: this.index, item }]
  }

  add(text: string): ResponseEvent[] {
    this.text += text
    return []
  }

  end(status: 'completed' | 'incomplete'): ResponseEvent[] {
    const input = customInput(this.text)
    const of = { item_id: this.id, output_index: this.index }
    return [
      { type: 'response.custom_tool_call_input.delta', ...of, delta: input },
      { type: 'response.custom_tool_call_input.done', ...of, input },
      { type: 'response.output_item.done', output_index: this.index, item: this.item(status) },
    ]
  }

  item(status: Base['status']): OutputItem {
    const { callId, name } = this.call
    return { id: this.id, type: 'custom_tool_call', status, call_id: callId, name, input: customInput(this.text) }
  }
}
