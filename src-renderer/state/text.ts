import type { TokenTime } from '@core/texts/figures'
import { said, t } from './texts.svelte'

/** `8.2 GB`, `142 GB`, `740 KB`: as people say sizes. */
export const bytesText = (bytes: number): string => said().bytes(bytes)

/** `3.1 of 8.0 GB`: a part in the unit of the whole. */
export const partText = (bytes: number, total: number): string => said().part(bytes, total)

/** `just now`, `4 min ago`, `2 h ago`, `3 d ago`. */
export const agoText = (then: number, now: number): string => said().ago(then, now)

/** `40 s`, `12 min`, `6 h 12 min`, `3 d 4 h`: how long something lasts. */
export const durationText = (milliseconds: number): string => said().duration(milliseconds)

/** `45 %` of a part from 0 to 1. */
export const percentText = (part: number): string => said().percent(part)

/** `34 tokens/s`, with a digit more where it is slow. */
export const speedText = (tokensPerSecond: number): string => said().speed(tokensPerSecond)

/** `2.9 ms a token: 2.4 reading weights, 0.3 starting layers, 0.2 between machines`. */
export const tokenTimeText = (time: TokenTime): string => said().tokenTime(time)

/** `950`, `12,400`, `1.2 million`: as people say counts. */
export const numberText = (count: number): string => said().count(count)

/** What there is to say of a speed, a measured one first: `34 tokens/s measured`, `about 40 tokens/s`. */
export const expectedSpeedText = ({
  predicted,
  measured,
}: {
  readonly predicted?: { readonly tokensPerSecond: number } | undefined
  readonly measured?: { readonly tokensPerSecond: number } | undefined
}): readonly string[] => {
  const value = (speed: { readonly tokensPerSecond: number }) => ({ value: said().speedValue(speed.tokensPerSecond) })
  return [
    ...(measured ? [t('figures.speedMeasured', value(measured))] : []),
    ...(predicted ? [t(measured ? 'figures.speedPredicted' : 'figures.speedAbout', value(predicted))] : []),
  ]
}

/** `1 machine`, `3 machines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A model's id without its owner. */
export const shortName = (modelId: string): string => modelId.split('/').at(-1) ?? modelId

/** With a capital at its beginning, as a sentence has. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
