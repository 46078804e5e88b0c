import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, it } from 'vitest'
import { ERROR_GROUPS } from '../errors/error-codes'
import { de } from './de'
import { en } from './en'
import type { Language } from './language'
import type { Texts } from './texts'
import { loadTranslator } from './translator'
import { zhHans } from './zh-Hans'

const [german, chinese] = [await loadTranslator('de'), await loadTranslator('zh-Hans')]

type Elements = ReturnType<IntlMessageFormat['getAst']>

/** Kinds of elements, numbered as by the ICU message parser. */
const KINDS = ['text', 'value', 'number', 'date', 'time', 'select', 'plural', 'pound', 'tag'] as const

/**
 * Everything that a message takes: `count plural`, `host select mac other`, `b tag`. The plural forms depend on the
 * language.
 */
const placeholders = (elements: Elements): readonly string[] =>
  elements.flatMap((element) => {
    const kind = KINDS[element.type]
    if (kind === undefined || kind === 'text' || kind === 'pound' || !('value' in element)) return []
    const options = 'options' in element ? element.options : {}
    const inner = Object.values(options).flatMap(({ value }) => placeholders(value))
    const children = 'children' in element ? placeholders(element.children) : []
    const choices = kind === 'select' ? ` ${Object.keys(options).sort().join(' ')}` : ''
    return [`${element.value} ${kind}${choices}`, ...inner, ...children]
  })

const messagesOf = (texts: Texts): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([area, messages]) =>
      Object.entries<string>(messages).map(([name, message]) => [`${area}.${name}`, message]),
    ),
  )

const english = messagesOf(en)
const takes = (message: string, language: Language): readonly string[] =>
  [...new Set(placeholders(new IntlMessageFormat(message, language).getAst()))].sort()

it('no text has a value that is called as one of its tags: the tag would take its place', () => {
  const clashing = Object.entries(english).filter(([, message]) => {
    const taken = takes(message, 'en').map((one) => one.split(' '))
    const tags = taken.filter(([, kind]) => kind === 'tag').map(([name]) => name)
    return taken.some(([name, kind]) => kind !== 'tag' && tags.includes(name))
  })
  expect(clashing.map(([key]) => key)).toEqual([])
})

describe.each<[Language, Texts]>([
  ['de', de],
  ['zh-Hans', zhHans],
])('every text in %s', (language, texts) => {
  const messages = messagesOf(texts)

  it('exists, and no others', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort())
  })

  it('takes the same values and tags as in English', () => {
    const differing = Object.entries(english).filter(
      ([key, message]) => JSON.stringify(takes(messages[key] ?? '', language)) !== JSON.stringify(takes(message, 'en')),
    )
    expect(differing.map(([key]) => key)).toEqual([])
  })

  it('has the plurals of the language', () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const lacking = Object.entries(messages).filter(([, message]) => {
      const plurals = [...message.matchAll(/, plural,((?: (?:=\d+|\w+) \{(?:[^{}]|\{[^}]*\})*\})+)/g)]
      return plurals.some(([, options = '']) => wanted.some((category) => !options.includes(` ${category} {`)))
    })
    expect(lacking.map(([key]) => key)).toEqual([])
  })

  it('begins and ends as the English one does', () => {
    const ragged = Object.entries(english).filter(([key, message]) => {
      const other = messages[key] ?? ''
      return message.endsWith('…') !== other.endsWith('…') || other.trim() !== other
    })
    expect(ragged.map(([key]) => key)).toEqual([])
  })
})

describe.each([
  ['de', german],
  ['zh-Hans', chinese],
])('every error of the API in %s', (_language, { problem }) => {
  it.each(ERROR_GROUPS.flatMap(({ errors }) => Object.keys(errors)))('%s has a text', (code) => {
    expect(problem(code)).toMatch(/[.。]$/)
  })

  it('of another version is left to the node', () => {
    expect([problem('of_tomorrow'), problem('constructor')]).toEqual([undefined, undefined])
  })
})

describe('German texts', () => {
  it('address nobody as du or Sie', () => {
    const personal = Object.entries(messagesOf(de)).filter(([, message]) =>
      /(^|[^\p{L}-])(du|dich|dir|dein\w*|Ihre?[mnrs]?|Ihnen)($|[^\p{L}])/u.test(message),
    )
    expect(personal).toEqual([])
  })
})

describe('Chinese texts', () => {
  it('use the punctuation of Chinese beside its characters', () => {
    const halfWidth = Object.entries(messagesOf(zhHans)).filter(([, message]) =>
      /\p{Script=Han}[,;:?!](?!\S*\/\/)|\p{Script=Han}\.(\s|$)/u.test(message),
    )
    expect(halfWidth).toEqual([])
  })
})
