import type { TokenTime } from '@core/texts/figures'
import { formats, t } from './texts.svelte'

export { sentence } from '@core/status-lines/sentence'

/** Size, as `8.2 GB`, `142 GB`, `740 KB`. */
export const bytesText = (bytes: number): string => formats().bytes(bytes)

/** `3.1 of 8.0 GB`: the part in the unit of the whole. */
export const partText = (bytes: number, total: number): string => formats().part(bytes, total)

/** `just now`, `4 min ago`, `2 h ago`, `3 d ago`. */
export const agoText = (then: number, now: number): string => formats().ago(then, now)

/** Duration: `40 s`, `12 min`, `6 h 12 min`, `3 d 4 h`. */
export const durationText = (milliseconds: number): string => formats().duration(milliseconds)

/** `45 %` from a fraction between 0 and 1. */
export const percentText = (part: number): string => formats().percent(part)

/** `34 tokens/s`, with a decimal for slow speeds. */
export const speedText = (tokensPerSecond: number): string => formats().speed(tokensPerSecond)

/** `2.9 ms a token: 2.4 reading weights, 0.3 starting layers, 0.2 between machines`. */
export const tokenTimeText = (time: TokenTime): string => formats().tokenTime(time)

/** Count: `950`, `12,400`, `1.2 million`. */
export const numberText = (count: number): string => formats().count(count)

/** Speed, preferring a measured one: `34 tokens/s measured`, `about 40 tokens/s`. */
export const expectedSpeedText = ({
  predicted,
  measured,
}: {
  readonly predicted?: { readonly tokensPerSecond: number } | undefined
  readonly measured?: { readonly tokensPerSecond: number } | undefined
}): readonly string[] => {
  const value = (speed: { readonly tokensPerSecond: number }) => ({
    value: formats().speedValue(speed.tokensPerSecond),
  })
  return [
    ...(measured ? [t('figures.speedMeasured', value(measured))] : []),
    ...(predicted ? [t(measured ? 'figures.speedPredicted' : 'figures.speedAbout', value(predicted))] : []),
  ]
}

/**
 * The beginning of a text, of at most that length; no character is cut in two.
 *
 * @param lengthOf of one character, by default its UTF-16 units
 */
export const beginningOf = (text: string, most: number, lengthOf = ({ length }: string): number => length): string => {
  let [units, length] = [0, 0]
  for (const character of text) {
    length += lengthOf(character)
    if (length > most) break
    units += character.length
  }
  return text.slice(0, units)
}

/** `1 machine`, `3 machines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A model's id without its owner. */
export const shortName = (modelId: string): string => modelId.split('/').at(-1) ?? modelId
