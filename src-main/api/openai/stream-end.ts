import type { Usage } from '@core/generation/stream'
import { usageOfChoices } from './choices'
import { toUsage } from './usage'

export interface StreamEndOptions {
  /** Number of choices in the stream, and how many of them share a prompt. */
  readonly choices: number
  readonly perPrompt: number
  /** Prefix of each chunk, as an open JSON object; undefined if usage was not requested. */
  readonly head: string | undefined
}

/** Ends a stream of several choices: the end is sent once all of them have finished. */
export class StreamEnd {
  private readonly usages: Usage[] = []
  private left: number

  constructor(private readonly options: StreamEndOptions) {
    this.left = options.choices
  }

  /** Text for the socket when the choice of that index has ended; '' while others continue. */
  after(index: number, usage: Usage): string {
    this.usages[index] = usage
    this.left -= 1
    if (this.left > 0) return ''
    const { head, perPrompt } = this.options
    const total = JSON.stringify(toUsage(usageOfChoices(this.usages, perPrompt)))
    return `${head === undefined ? '' : `data: ${head},"choices":[],"usage":${total}}\n\n`}data: [DONE]\n\n`
  }
}
