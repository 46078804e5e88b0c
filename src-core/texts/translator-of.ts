import { IntlMessageFormat } from 'intl-messageformat'
import { placesOf, withValues, type Place } from './places'
import type { Language } from './language'
import type { Area, TextKey, Texts, ValuesArgument } from './texts'
import type { ProblemTexts } from './problem-texts'

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

type Values = Readonly<Record<string, unknown>>

const TAG = /<([a-z]+)>/g

/** All areas, or those that are needed. */
type SomeTexts = Partial<Texts>

const found = (texts: SomeTexts, key: string): string | undefined => {
  const at = key.indexOf('.')
  const [name, rest] = [key.slice(0, at), key.slice(at + 1)]
  const area: Readonly<Record<string, string>> | undefined = Object.hasOwn(texts, name)
    ? texts[name as Area]
    : undefined
  return area && Object.hasOwn(area, rest) ? area[rest] : undefined
}

const messageOf = (texts: SomeTexts, key: TextKey): string => found(texts, key) ?? key

/**
 * Messages are parsed on first use and cached. Those with plurals, choices or tags need the ICU formatter; others are
 * concatenated.
 */
export const translatorOf = (language: Language, texts: SomeTexts, problems?: ProblemTexts): Translator => {
  const problemOf: ReadonlyMap<string, string> = new Map(Object.entries(problems ?? {}))
  const parsed = new Map<TextKey, IntlMessageFormat>()
  const joined = new Map<TextKey, readonly Place[] | 'needs-icu'>()
  const places = (key: TextKey): readonly Place[] | 'needs-icu' => {
    const known = joined.get(key)
    if (known) return known
    const found = placesOf(messageOf(texts, key))
    joined.set(key, found)
    return found
  }
  const format = (key: TextKey): IntlMessageFormat => {
    const known = parsed.get(key)
    if (known) return known
    const made = new IntlMessageFormat(messageOf(texts, key), language)
    parsed.set(key, made)
    return made
  }
  return {
    language,
    knows: (key): key is TextKey => found(texts, key) !== undefined,
    problem: (code) => problemOf.get(code),
    text: (key, ...[values]) => {
      const pieces = places(key)
      const text = pieces === 'needs-icu' ? undefined : withValues(pieces, values)
      return text ?? String(format(key).format(values as Values as Record<string, string>))
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
