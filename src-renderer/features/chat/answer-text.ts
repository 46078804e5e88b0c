import { durationText, speedText } from '../../state/text'
import type { PromptProgress } from './answer'
import type { AnswerRecord, ToolCall } from './records'
import { formats, t } from '../../state/texts.svelte'

/** Texts about answers. */

const secondsText = (milliseconds: number): string =>
  t('figures.seconds', { value: formats().number(milliseconds / 1000, milliseconds < 10_000 ? 2 : 1) })

/** `Stopped · 120 tokens · 34 tokens/s · first token after 0.42 s`. */
export const figuresText = ({ cut, tokens, tokensPerSecond, firstTokenMs }: AnswerRecord): string =>
  [
    cut && t(`chat.cut.${cut}`),
    tokens === undefined ? undefined : t('chat.tokens', { count: tokens }),
    tokensPerSecond === undefined ? undefined : speedText(tokensPerSecond),
    firstTokenMs === undefined ? undefined : t('chat.firstToken', { time: secondsText(firstTokenMs) }),
  ]
    .filter((part) => part !== undefined)
    .join(' · ')

/** `Reading the prompt: 2,048 of 8,192 tokens · 12 s left`. */
export const progressText = ({ processed, total, leftMs }: PromptProgress): string =>
  [
    t('chat.readingPrompt', { done: processed, total }),
    leftMs === undefined
      ? undefined
      : leftMs < 1000
        ? t('chat.lessThanSecond')
        : t('cards.left', { time: durationText(leftMs) }),
  ]
    .filter((part) => part !== undefined)
    .join(' · ')

/** `Thought for 12 s`. */
export const thinkingText = (thinkingMs: number | undefined, under: boolean): string =>
  under
    ? t('chat.thinking')
    : thinkingMs === undefined
      ? t('chat.thoughts')
      : t('chat.thoughtFor', { time: durationText(Math.max(1000, thinkingMs)) })

/** Arguments of a tool call, pretty-printed if they are JSON. */
export const argumentsText = ({ arguments: text }: ToolCall): string => {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

/** A token with whitespace and control characters made visible. */
export const visibleToken = (token: string): string =>
  token.replaceAll('\n', '↵').replaceAll('\t', '→').replaceAll(/^ | $/g, '·') || '∅'

/** Probability as `73 %`, from its natural logarithm. */
export const chanceText = (logprob: number): string => {
  const percent = 100 * Math.exp(logprob)
  const value = percent >= 10 ? formats().number(percent) : formats().number(Math.max(0.1, percent), 1)
  return t('figures.percent', { value: percent >= 0.1 ? value : `< ${value}` })
}
