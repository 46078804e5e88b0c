import { IntlMessageFormat } from 'intl-messageformat'
import { en } from './en'
import type { Language } from './language'
import type { Area, TextKey, Texts, ValuesArgument } from './texts'

/** A piece of a message: plain text, or what stands between the tags of that name. */
export interface TextPart {
  readonly tag: string | undefined
  readonly text: string
}

/** Says the app's texts in one language. */
export interface Translator {
  readonly language: Language
  /** The message with its values. Throws for a message with tags. */
  readonly text: <Key extends TextKey>(key: Key, ...values: ValuesArgument<Key>) => string
  /** A message with tags, in pieces. A tag and a value must not have the same name. */
  readonly parts: <Key extends TextKey>(key: Key, ...values: ValuesArgument<Key>) => readonly TextPart[]
}

export type Translate = Translator['text']

type Values = Readonly<Record<string, unknown>>

/** Messages that contain none of these are text as they stand. */
const SYNTAX = /[{}<']/

const TAG = /<([a-z]+)>/g

const messageOf = (texts: Texts, key: TextKey): string => {
  const at = key.indexOf('.')
  const area: Readonly<Record<string, string>> = texts[key.slice(0, at) as Area]
  return area[key.slice(at + 1)] ?? key
}

/** Messages are parsed when they are first said, and kept. */
export const translatorOf = (language: Language, texts: Texts): Translator => {
  const parsed = new Map<TextKey, IntlMessageFormat>()
  const format = (key: TextKey): IntlMessageFormat => {
    const known = parsed.get(key)
    if (known) return known
    const made = new IntlMessageFormat(messageOf(texts, key), language)
    parsed.set(key, made)
    return made
  }
  return {
    language,
    text: (key, ...[values]) => {
      const message = messageOf(texts, key)
      return SYNTAX.test(message) ? String(format(key).format(values as Values as Record<string, string>)) : message
    },
    parts: (key, ...[values]) => {
      const tags = [...messageOf(texts, key).matchAll(TAG)].flatMap(([, tag]) => (tag === undefined ? [] : [tag]))
      const marks = tags.map((tag) => [tag, (inner: readonly unknown[]) => ({ tag, text: inner.join('') })])
      const all = { ...(values as Values | undefined), ...Object.fromEntries(marks) }
      return format(key)
        .formatToParts<TextPart>(all as Record<string, string>)
        .map(({ value }) => (typeof value === 'string' ? { tag: undefined, text: value } : value))
    },
  }
}

/** English is always there: it is what the other languages are translated from. */
export const english: Translator = translatorOf('en', en)

/** The other languages are loaded when somebody wants them. */
export const loadTranslator = async (language: Language): Promise<Translator> => {
  switch (language) {
    case 'en':
      return english
    case 'de':
      return translatorOf(language, (await import('./de')).de)
    case 'zh-Hans':
      return translatorOf(language, (await import('./zh-Hans')).zhHans)
  }
}
