import { z } from 'zod'

/** The languages that people can have the app in, as BCP 47 tags. */
export const Language = z.enum(['en', 'de', 'zh-Hans'])
export type Language = z.infer<typeof Language>

/** `system`: as the browser or the operating system has it. */
export const LanguageChoice = z.enum(['system', ...Language.options])
export type LanguageChoice = z.infer<typeof LanguageChoice>

/** What each language calls itself: whoever looks for theirs may not read the others. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  'zh-Hans': '简体中文',
}

/** The tag with what it leaves open filled in: `zh-CN` is `zh-Hans-CN`. Undefined for what is no tag. */
const maximized = (tag: string): Intl.Locale | undefined => {
  try {
    return new Intl.Locale(tag).maximize()
  } catch {
    return undefined
  }
}

/** The first of the preferred languages that the app has, else English. Scripts count: `zh-TW` is not Simplified Chinese. */
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
