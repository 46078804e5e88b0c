import { z } from 'zod'
import type { Api } from '../../api/access'
import { durationText } from '../../state/text'
import { formats, t } from '../../state/texts.svelte'

const Completion = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })) })

/** A few tokens suffice to test the connection. */
const MOST_TOKENS = 48

/** Sends a request as a tool would that was connected with the shown text. */
export class ToolTrial {
  busy = $state(false)
  /** The answer and how long it took. */
  answer: string | undefined = $state()
  took: string | undefined = $state()
  problem: unknown = $state.raw()

  constructor(
    private readonly api: Pick<Api, 'post'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async run(model: string): Promise<void> {
    this.busy = true
    this.problem = undefined
    this.answer = undefined
    const began = this.now()
    try {
      const { choices } = await this.api.post(
        '/v1/chat/completions',
        {
          model,
          max_tokens: MOST_TOKENS,
          temperature: 0,
          messages: [{ role: 'user', content: t('setup.question.capital') }],
        },
        Completion,
      )
      this.answer = choices[0]?.message.content ?? ''
      this.took = seconds(this.now() - began)
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }
}

const seconds = (milliseconds: number): string =>
  milliseconds < 10_000
    ? t('figures.seconds', { value: formats().number(milliseconds / 1000, 1) })
    : durationText(milliseconds)
