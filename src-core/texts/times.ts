import type { Language } from './language'

/** Formats a time in milliseconds. */
export type TimeText = (time: number, options: Intl.DateTimeFormatOptions) => string

/**
 * Formats times in one language. Creating a formatter takes longer than using it a hundred times, so each is cached by
 * its options object: pass the same object each time.
 */
export const timesOf = (language: Language): TimeText => {
  const formats = new Map<Intl.DateTimeFormatOptions, Intl.DateTimeFormat>()
  return (time, options) => {
    const format = formats.get(options) ?? new Intl.DateTimeFormat(language, options)
    formats.set(options, format)
    return format.format(time)
  }
}
