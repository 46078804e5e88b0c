import type { ContentDelta, LogprobEntry } from '@core/generation/stream'
import {
  CustomCallItem,
  FunctionCallItem,
  TextItem,
  type OpenItem,
  type OutputItem,
  type ResponseEvent,
} from './output-items'

/** Assembles deltas into the output items of a response and returns their events. */
export class Output {
  private readonly items: OpenItem[] = []
  /** The open text or reasoning item; a delta of the other kind ends it. */
  private current: { readonly channel: ContentDelta['channel']; readonly item: OpenItem } | undefined
  /** Calls end with the response: their arguments may be interleaved. */
  private readonly calls = new Map<number, OpenItem>()
  private readonly ended = new Set<OpenItem>()
  /** Log probabilities of tokens whose text has not been emitted yet. */
  private readonly logprobs: LogprobEntry[] = []

  constructor(private readonly custom: ReadonlySet<string>) {}

  add(content: readonly ContentDelta[], logprobs: readonly LogprobEntry[] = []): ResponseEvent[] {
    // One by one: a whole answer may have more tokens than a call takes arguments.
    for (const entry of logprobs) this.logprobs.push(entry)
    return content.flatMap((delta) => {
      if (delta.channel === 'toolCall') return this.addToCall(delta)
      return delta.text === '' ? [] : this.addText(delta)
    })
  }

  /** Ends all open items. An empty response gets one empty text item. */
  end(status: 'completed' | 'incomplete'): ResponseEvent[] {
    const begun = this.items.length === 0 ? this.addText({ channel: 'text', text: '' }) : []
    return [...begun, ...this.items.filter((item) => !this.ended.has(item)).flatMap((item) => item.end(status))]
  }

  list(status: 'completed' | 'incomplete'): OutputItem[] {
    return this.items.map((item) => item.item(status))
  }

  private addText({ channel, text }: Exclude<ContentDelta, { channel: 'toolCall' }>): ResponseEvent[] {
    const { current } = this
    const logprobs = channel === 'text' ? this.logprobs.splice(0) : []
    if (current?.channel === channel) return current.item.add(text, logprobs)
    const item = new TextItem(channel === 'text' ? 'message' : 'reasoning', this.items.length)
    const before = this.endCurrent()
    this.items.push(item)
    this.current = { channel, item }
    return [...before, ...item.begin(), ...item.add(text, logprobs)]
  }

  private addToCall({
    index,
    id,
    name,
    arguments: text,
  }: Extract<ContentDelta, { channel: 'toolCall' }>): ResponseEvent[] {
    const open = this.calls.get(index)
    if (open) return open.add(text)
    const call = { callId: id ?? `call_${index}`, name: name ?? '' }
    const Kind = this.custom.has(call.name) ? CustomCallItem : FunctionCallItem
    const item = new Kind(call, this.items.length)
    const before = this.endCurrent()
    this.items.push(item)
    this.calls.set(index, item)
    return [...before, ...item.begin(), ...item.add(text)]
  }

  private endCurrent(): ResponseEvent[] {
    const { current } = this
    this.current = undefined
    if (!current) return []
    this.ended.add(current.item)
    return current.item.end('completed')
  }
}
