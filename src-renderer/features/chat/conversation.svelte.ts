import { z } from 'zod'
import type { Api } from '../../api/access'
import { ApiError } from '../../api/problem'
import { Kept } from '../../state/kept.svelte'
import { readAnswer } from './answer'

/** How an answer ended, where it did not come to its own end. */
const Cut = z.enum(['stopped', 'length', 'failed'])

export const Turn = z.discriminatedUnion('role', [
  z.object({ role: z.literal('user'), text: z.string() }),
  z.object({
    role: z.literal('assistant'),
    text: z.string(),
    cut: Cut.optional(),
    tokens: z.number().optional(),
    tokensPerSecond: z.number().optional(),
    /** Until its first token came. */
    firstTokenMs: z.number().optional(),
  }),
])
export type Turn = z.infer<typeof Turn>
export type Answer = Extract<Turn, { role: 'assistant' }>

/** The most that is remembered after the page is closed. */
const KEPT_TURNS = 200

/** One conversation. It lives longer than its page: an answer goes on while people look elsewhere. */
export class Conversation {
  private readonly kept = new Kept<readonly Turn[]>('muster.conversation', z.array(Turn), [])
  /** What has come of the answer that is being written. */
  writing: string | undefined = $state()
  problem: unknown = $state.raw()
  private stop: AbortController | undefined

  constructor(private readonly api: Pick<Api, 'fetch'>) {}

  get turns(): readonly Turn[] {
    return this.kept.current
  }

  get busy(): boolean {
    return this.writing !== undefined
  }

  /** Whether the last question has no answer, and can be asked again. */
  get unanswered(): boolean {
    const last = this.turns.at(-1)
    return !this.busy && (last?.role === 'user' || last?.cut === 'failed')
  }

  /** Asks, and writes the answer as it comes. */
  async send(model: string, text: string): Promise<void> {
    if (this.busy) return
    this.keep([...this.turns, { role: 'user', text }])
    await this.answer(model)
  }

  /** Asks the last question again. */
  async retry(model: string): Promise<void> {
    if (!this.unanswered) return
    this.keep(this.turns.at(-1)?.role === 'assistant' ? this.turns.slice(0, -1) : this.turns)
    await this.answer(model)
  }

  /** Ends the answer where it is. */
  cancel(): void {
    this.stop?.abort()
  }

  clear(): void {
    this.cancel()
    this.keep([])
    this.problem = undefined
  }

  private async answer(model: string): Promise<void> {
    const stop = new AbortController()
    this.stop = stop
    this.problem = undefined
    this.writing = ''
    let answer: Answer = { role: 'assistant', text: '' }
    const asked = this.turns
    try {
      for await (const grown of readAnswer(this.api, { model, messages: messagesOf(asked), signal: stop.signal })) {
        answer = grown
        this.writing = answer.text
      }
    } catch (error) {
      answer = { ...answer, cut: stop.signal.aborted ? 'stopped' : 'failed' }
      if (!stop.signal.aborted) this.problem = error
    }
    this.writing = undefined
    // A conversation that was cleared meanwhile wants no answer any more.
    if (this.turns !== asked) return
    if (answer.text !== '') this.keep([...asked, answer])
    else if (this.problem === undefined && answer.cut === undefined) this.problem = emptyAnswer()
  }

  private keep(turns: readonly Turn[]): void {
    this.kept.current = turns.slice(-KEPT_TURNS)
  }
}

const emptyAnswer = (): ApiError =>
  new ApiError('empty_answer', 'The model ended its answer before the first word.', {
    hint: 'Ask in other words, or begin a new chat.',
  })

/** Roles take turns, as chat templates want it: a question that was never answered is left out. */
export const messagesOf = (turns: readonly Turn[]): { role: Turn['role']; content: string }[] =>
  turns
    .filter((turn, at) => turn.role === 'assistant' || turns[at + 1]?.role !== 'user')
    .map(({ role, text }) => ({ role, content: text }))
