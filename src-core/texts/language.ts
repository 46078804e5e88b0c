import { z } from 'zod'

/** The languages of the app, as BCP 47 tags. */
export const Language = z.enum(['en', 'de', 'zh-Hans'])
export type Language = z.infer<typeof Language>

/** `system`: the browser's or the operating system's. */
export const LanguageChoice = z.enum(['system', ...Language.options])
export type LanguageChoice = z.infer<typeof LanguageChoice>

/** The name of each language in that language, so that everyone can find their own. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  'zh-Hans': '简体中文',
}

/** Completes a tag: `zh-CN` becomes `zh-Hans-CN`. Undefined if it is not a valid tag. */
const maximized = (tag: string): Intl.Locale | undefined => {
  try {
    return new Intl.Locale(tag).maximize()
  } catch {
    return undefined
  }
}

/**
 * Returns the first preferred language that the app has, else English. The script counts: `zh-TW` is not Simplified
 * Chinese.
 */
export const languageFor = (preferred: readonly string[]): Language => {
  for (const tag of preferred) {
    const wanted = maximized(tag)
    const match = Language.options.find((language) => {
      const had = maximized(language)
      return wanted !== undefined && had?.language === wanted.language && had.script === wanted.script
    })
    if (match) return match
  }
  return 'en'
}
