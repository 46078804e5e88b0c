import { counted, durationText, speedText } from '../../state/text'
import type { PromptProgress } from './answer'
import type { AnswerRecord, Cut, ToolCall } from './records'

/** What the chat says of answers. */

const CUTS: Readonly<Record<Cut, string>> = {
  stopped: 'Stopped',
  length: 'Cut off: the longest answer was reached',
  failed: 'Broke off',
  closed: 'Broke off: its window was closed',
}

const secondsText = (milliseconds: number): string =>
  `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`

/** `Stopped · 120 tokens · 34 tokens/s · first token after 0.42 s`. */
export const figuresText = ({ cut, tokens, tokensPerSecond, firstTokenMs }: AnswerRecord): string =>
  [
    cut && CUTS[cut],
    tokens === undefined ? undefined : counted(tokens, 'token'),
    tokensPerSecond === undefined ? undefined : speedText(tokensPerSecond),
    firstTokenMs === undefined ? undefined : `first token after ${secondsText(firstTokenMs)}`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ')

/** `Reading the prompt: 2,048 of 8,192 tokens · 12 s left`. */
export const progressText = ({ processed, total, leftMs }: PromptProgress): string =>
  [
    `Reading the prompt: ${processed.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} tokens`,
    leftMs === undefined ? undefined : leftMs < 1000 ? 'less than a second left' : `${durationText(leftMs)} left`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ')

/** `Thought for 12 s`. */
export const thinkingText = (thinkingMs: number | undefined, under: boolean): string =>
  under
    ? 'Thinking…'
    : thinkingMs === undefined
      ? 'Thoughts'
      : `Thought for ${durationText(Math.max(1000, thinkingMs))}`

/** The arguments of a call, with line breaks where they are JSON. */
export const argumentsText = ({ arguments: text }: ToolCall): string => {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

/** A token with what cannot be seen made visible. */
export const visibleToken = (token: string): string =>
  token.replaceAll('\n', '↵').replaceAll('\t', '→').replaceAll(/^ | $/g, '·') || '∅'

/** `73 %` of a natural logarithm. */
export const chanceText = (logprob: number): string => {
  const percent = 100 * Math.exp(logprob)
  return percent >= 10 ? `${Math.round(percent)} %` : percent >= 0.1 ? `${percent.toFixed(1)} %` : '< 0.1 %'
}
