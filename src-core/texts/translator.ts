import { en } from './en'
import type { Language } from './language'
import type { TextKey, ValuesArgument } from './texts'
import { translatorOf } from './translator-of'

/** A piece of a message: plain text, or the text between tags of that name. */
export interface TextPart {
  readonly tag: string | undefined
  readonly text: string
}

/** Provides the app's texts in one language. */
export interface Translator {
  readonly language: Language
  /** Whether a message has this key. */
  readonly knows: (key: string) => key is TextKey
  /** The meaning of an API error, by its code; undefined for unknown codes and in English, the node's own language. */
  readonly problem: (code: string) => string | undefined
  /** The message with its values. Throws for a message with tags. */
  readonly text: <Key extends TextKey>(key: Key, ...values: ValuesArgument<Key>) => string
  /** A message with tags, in pieces. A tag and a value must not have the same name. */
  readonly parts: <Key extends TextKey>(key: Key, ...values: ValuesArgument<Key>) => readonly TextPart[]
}

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
