import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, it } from 'vitest'
import { allOf, clauses, CodedText, coded, commas } from './coded'
import { nodeTexts } from './en/node'
import { inEnglish } from './english'
import { Language } from './language'
import { codedRenderer } from './render-coded'
import { loadTranslator } from './translator'

type Elements = ReturnType<IntlMessageFormat['getAst']>

/** The values that a message takes: those that it shows, and those that only select a wording. */
const valuesOf = (elements: Elements): { readonly written: string[]; readonly choosing: string[] } => {
  const written: string[] = []
  const choosing: string[] = []
  for (const element of elements) {
    if (element.type === 1) written.push(element.value)
    if (!('options' in element)) continue
    choosing.push(element.value)
    for (const option of Object.values(element.options)) {
      const inner = valuesOf(option.value)
      written.push(...inner.written)
      choosing.push(...inner.choosing)
    }
  }
  return { written, choosing }
}

const CODES = Object.entries(nodeTexts).flatMap(([area, messages]) =>
  Object.entries<string>(messages).map(([name, message]) => [`${area}.${name}`, message] as const),
)

const german = codedRenderer(await loadTranslator('de'))
const chinese = codedRenderer(await loadTranslator('zh-Hans'))

describe.each(Language.options)('every sentence of the node in %s', (language) => {
  it.each(CODES)('%s has a text with all of its values', async (code, message) => {
    const say = codedRenderer(await loadTranslator(language))
    const { written, choosing } = valuesOf(new IntlMessageFormat(message, 'en').getAst())
    const values = Object.fromEntries([
      ...written.map((name) => [name, `«${name}»`] as const),
      ...choosing.map((name) => [name, 3] as const),
    ])
    const text = say({ code, values }) ?? ''
    expect(text).not.toBe('')
    for (const name of written) expect(text).toContain(`«${name}»`)
  })
})

describe('a sentence of the node', () => {
  const left = coded('failures.left', { name: 'Mac mini' })
  const memory = coded('refusals.memoryOn', { name: 'Mac mini', free: { bytes: 6.24e9 }, needed: { bytes: 142e9 } })

  it('is translated into each language, with sizes', () => {
    expect([inEnglish(memory), german(memory), chinese(memory)]).toEqual([
      'Mac mini has 6.2 GB free, the model needs 142 GB',
      'Mac mini hat 6,2 GB frei, das Modell braucht 142 GB',
      'Mac mini 有 6.2 GB 可用，模型需要 142 GB',
    ])
  })

  it('joins lists and clauses as the language does', () => {
    const loop = coded('alerts.loop.title', { names: allOf(['A', 'B', 'C']) })
    expect([inEnglish(loop), german(loop), chinese(loop)]).toEqual([
      'The Thunderbolt bridges of A, B, and C form a loop.',
      'Die Thunderbolt-Bridges von A, B und C bilden eine Schleife.',
      'A、B和C 的 Thunderbolt 网桥形成了环路。',
    ])
    const both = coded('failures.several', { causes: clauses(left, 'as it says itself') })
    expect(chinese(both)).toBe('Mac mini 已离开集群；as it says itself')
    expect(german(coded('failures.several', { causes: commas([left, left]) }))).toBe(
      'Mac mini hat den Cluster verlassen, Mac mini hat den Cluster verlassen',
    )
  })

  it('is undefined if this version does not know it, or knows it with other values', () => {
    expect(german({ code: 'failures.ofTomorrow' })).toBeUndefined()
    expect(german({ code: 'constructor.name' })).toBeUndefined()
    expect(german({ code: 'failures.left', values: { who: 'Mac mini' } })).toBeUndefined()
    const wrapped = coded('failures.several', { causes: clauses({ code: 'failures.ofTomorrow' }) })
    expect(german(wrapped)).toBeUndefined()
  })

  it('is accepted from another machine completely, or not at all', () => {
    expect(CodedText.parse(JSON.parse(JSON.stringify(memory)))).toEqual(memory)
    expect(CodedText.parse({ code: 'failures.left', values: { name: { kind: 'of tomorrow' } } })).toBeUndefined()
    expect(CodedText.parse(undefined)).toBeUndefined()
    const deep = (depth: number): CodedText =>
      Array.from({ length: depth }).reduce<CodedText>(
        (inner) => coded('failures.several', { causes: clauses(inner) }),
        left,
      )
    expect(CodedText.parse(deep(5))).toEqual(deep(5))
    expect(CodedText.parse(deep(10_000))).toBeUndefined()
  })
})
