import type { Usage } from '@core/generation/stream'
import { usageOfChoices } from './choices'
import { toUsage } from './usage'

export interface StreamEndOptions {
  /** How many answers share the stream, and how many of them are of one prompt. */
  readonly choices: number
  readonly perPrompt: number
  /** What each chunk begins with, as an open JSON object; undefined where nobody asked for usage. */
  readonly head: string | undefined
}

/** What ends the stream of all choices of a request: comes with whichever is the last. */
export class StreamEnd {
  private readonly usages: Usage[] = []
  private left: number

  constructor(private readonly options: StreamEndOptions) {
    this.left = options.choices
  }

  /** Text for the socket when the choice of that index has ended; '' while others go on. */
  after(index: number, usage: Usage): string {
    this.usages[index] = usage
    this.left -= 1
    if (this.left > 0) return ''
    const { head, perPrompt } = this.options
    const total = JSON.stringify(toUsage(usageOfChoices(this.usages, perPrompt)))
    return `${head === undefined ? '' : `data: ${head},"choices":[],"usage":${total}}\n\n`}data: [DONE]\n\n`
  }
}
