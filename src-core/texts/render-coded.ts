import type { CodedText, CodedValue, ListValue } from './coded'
import type { NodeTextKey } from './en/node'
import { figuresOf } from './figures'
import type { Language } from './language'
import type { TextKey } from './texts'
import type { Translator } from './translator'

/** Separators of list items and of clauses. */
const MARKS: Readonly<Record<Language, Readonly<Record<Exclude<ListValue['join'], 'and'>, string>>>> = {
  en: { comma: ', ', semicolon: '; ' },
  de: { comma: ', ', semicolon: '; ' },
  'zh-Hans': { comma: '、', semicolon: '；' },
}

/** Sentences in which the API names its own fields, and the app's versions of them. */
const IN_THE_APP: ReadonlyMap<string, TextKey> = new Map<NodeTextKey, TextKey>([
  ['refusals.noRdma', 'placement.noRdma'],
  ['refusals.tooManyForRdma', 'placement.tooManyForRdma'],
  ['refusals.rule.nodeIds', 'placement.phrase.notChosen'],
])

/** Translates sentences of the node into one language; undefined for a code that this version does not know. */
export type RenderCoded = (sentence: CodedText) => string | undefined

export const codedRenderer = (translator: Translator): RenderCoded => {
  const { language, knows, text } = translator
  const { gigabytes } = figuresOf(translator)
  const and = new Intl.ListFormat(language, { type: 'conjunction' })
  const unchecked = text as (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

  const listed = ({ list, join }: ListValue): string | undefined => {
    const items = list.map((item) => (typeof item === 'string' ? item : say(item)))
    const known = items.filter((item) => item !== undefined)
    if (known.length < items.length) return undefined
    return join === 'and' ? and.format(known) : known.join(MARKS[language][join])
  }
  const valueOf = (value: CodedValue): string | number | undefined => {
    if (typeof value !== 'object') return value
    return 'bytes' in value ? gigabytes(value.bytes) : listed(value)
  }
  const say: RenderCoded = ({ code, values = {} }) => {
    const inTheApp = IN_THE_APP.get(code)
    const key = inTheApp !== undefined && knows(inTheApp) ? inTheApp : code
    if (!knows(key)) return undefined
    const written: Record<string, string | number> = {}
    for (const [name, value] of Object.entries(values)) {
      const one = valueOf(value)
      if (one === undefined) return undefined
      written[name] = one
    }
    try {
      return unchecked(key, written)
    } catch {
      // Another version uses other values with this code.
      return undefined
    }
  }
  return say
}
