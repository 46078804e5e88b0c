import { z } from 'zod'
import type { Api } from '../../api/access'
import { serverSentEvents } from '../../api/server-sent-events'

export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

const Chunk = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: z.string().optional() }), finish_reason: z.string().nullish() }))
    .optional(),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
  error: z.object({ message: z.string() }).optional(),
})

/** One conversation with one model. */
export class Conversation {
  turns: readonly Turn[] = $state.raw([])
  /** What has come of the answer that is being written. */
  writing: string | undefined = $state()
  problem: unknown = $state.raw()
  /** Of the last answer. */
  tokensPerSecond: number | undefined = $state()
  private stop: AbortController | undefined

  constructor(private readonly api: Api) {}

  get busy(): boolean {
    return this.writing !== undefined
  }

  /** Asks, and writes the answer as it comes. */
  async send(model: string, text: string): Promise<void> {
    if (this.busy) return
    this.turns = [...this.turns, { role: 'user', text }]
    this.problem = undefined
    this.writing = ''
    this.stop = new AbortController()
    const { signal } = this.stop
    try {
      await this.read(model, signal)
    } catch (error) {
      if (!signal.aborted) this.problem = error
    }
    const answer = this.writing
    this.writing = undefined
    if (answer !== '') this.turns = [...this.turns, { role: 'assistant', text: answer }]
  }

  /** Ends the answer where it is. */
  cancel(): void {
    this.stop?.abort()
  }

  clear(): void {
    this.cancel()
    this.turns = []
    this.problem = undefined
    this.tokensPerSecond = undefined
  }

  private async read(model: string, signal: AbortSignal): Promise<void> {
    const messages = this.turns.map(({ role, text }) => ({ role, content: text }))
    const json = { model, messages, stream: true, stream_options: { include_usage: true } }
    const response = await this.api.fetch('/v1/chat/completions', { method: 'POST', json, signal })
    if (!response.body) return
    let firstAt: number | undefined
    for await (const data of serverSentEvents(response.body)) {
      if (data === '[DONE]') return
      const { choices, usage, error } = Chunk.parse(JSON.parse(data))
      if (error) throw new Error(error.message)
      const text = choices?.[0]?.delta.content
      if (text) {
        firstAt ??= performance.now()
        this.writing = (this.writing ?? '') + text
      }
      if (usage && firstAt !== undefined && usage.completion_tokens > 1) {
        this.tokensPerSecond = (usage.completion_tokens - 1) / ((performance.now() - firstAt) / 1000)
      }
    }
  }
}
