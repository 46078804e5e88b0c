import type { Api } from '../../api/access'
import { speedText } from '../../state/text'
import { readAnswer } from '../chat/answer'
import { formats, t } from '../../state/texts.svelte'

/** Suggested questions that a small model can answer. */
export const firstQuestions = (): readonly [string, ...string[]] => [
  t('setup.question.capital'),
  t('setup.question.help'),
  t('setup.question.moon'),
]

/** The first question and its answer. */
export class FirstChat {
  question: string | undefined = $state()
  text = $state('')
  busy = $state(false)
  /** Speed of the answer; empty until it is complete. */
  figures: string | undefined = $state()
  problem: unknown = $state.raw()
  private stop: AbortController | undefined

  constructor(private readonly api: Pick<Api, 'fetch'>) {}

  /** Sends the question; progress is in the fields. */
  async ask(model: string, question: string): Promise<void> {
    this.stop?.abort()
    const stop = new AbortController()
    this.stop = stop
    this.question = question
    this.text = ''
    this.figures = undefined
    this.problem = undefined
    this.busy = true
    try {
      const asked = {
        model,
        messages: [{ role: 'user' as const, content: question }],
        options: {},
        signal: stop.signal,
      }
      for await (const { text, tokensPerSecond, firstTokenMs } of readAnswer(this.api, asked)) {
        this.text = text
        this.figures = [
          ...(tokensPerSecond === undefined ? [] : [speedText(tokensPerSecond)]),
          ...(firstTokenMs === undefined
            ? []
            : [
                t('setup.firstWord', {
                  time: t('figures.seconds', { value: formats().number(firstTokenMs / 1000, 1) }),
                }),
              ]),
        ].join(' · ')
      }
    } catch (error) {
      if (!stop.signal.aborted) this.problem = error
    } finally {
      if (this.stop === stop) this.busy = false
    }
  }

  close(): void {
    this.stop?.abort()
  }
}
