import { en } from './en'
import type { Language } from './language'
import { translatorOf, type Translator } from './translator-of'

export type { TextPart, Translator } from './translator-of'

export type Translate = Translator['text']

/** Always loaded: the other languages are translated from it. */
export const english: Translator = translatorOf('en', en)

/** Loads another language on demand. */
export const loadTranslator = async (language: Language): Promise<Translator> => {
  switch (language) {
    case 'en':
      return english
    case 'de': {
      const { de, problems } = await import('./de')
      return translatorOf(language, de, problems)
    }
    case 'zh-Hans': {
      const { zhHans, problems } = await import('./zh-Hans')
      return translatorOf(language, zhHans, problems)
    }
  }
}
