import type { Language } from './language'

/** Formats a time in milliseconds. */
export type TimeText = (time: number, options: Intl.DateTimeFormatOptions) => string

/**
 * Times in one language. A formatter takes longer to make than to use a hundred times, so it is kept for its object of
 * options: pass the same one each time.
 */
export const timesOf = (language: Language): TimeText => {
  const formats = new Map<Intl.DateTimeFormatOptions, Intl.DateTimeFormat>()
  return (time, options) => {
    const format = formats.get(options) ?? new Intl.DateTimeFormat(language, options)
    formats.set(options, format)
    return format.format(time)
  }
}
