import { describe, expect, it } from 'vitest'
import { MetaInstanceId, ModelId } from '@core/ids'
import { CommandError, NOT_FOUND, WRONG_USE } from './exit-codes'
import { declarationBy, modelBy, modelIdOf } from './names'

const declared = (metaInstanceId: string, modelId: string, name?: string) => ({
  metaInstanceId: MetaInstanceId.parse(metaInstanceId),
  modelId: ModelId.parse(modelId),
  ...(name !== undefined && { name }),
})
const CHAT = declared('aaaa1111', 'org/large', 'chat')
const PLAIN = declared('bbbb2222', 'org/small')
const TWICE = [declared('cccc3333', 'org/twice'), declared('cccc4444', 'org/twice')]
const ALL = [CHAT, PLAIN, ...TWICE]

const failure = (act: () => unknown): CommandError => {
  try {
    act()
  } catch (error) {
    if (error instanceof CommandError) return error
  }
  throw new Error('it was found')
}

describe('names on the command line', () => {
  it.each([
    ['its name', 'chat', CHAT],
    ['its name in other case', 'CHAT', CHAT],
    ['its id', 'bbbb2222', PLAIN],
    ['the beginning of its id', 'aaaa', CHAT],
    ['its model', 'org/small', PLAIN],
    ['its model without the owner', 'small', PLAIN],
  ])('a declaration is found by %s', (_how, text, found) => expect(declarationBy(ALL, text)).toBe(found))

  it('a name wins over what it could also be the beginning of', () => {
    const named = declared('dddd', 'org/other', 'aaaa1')
    expect(declarationBy([...ALL, named], 'aaaa1')).toBe(named)
  })

  it.each(['org/twice', 'twice', 'cccc'])('%s is refused with the candidates', (text) => {
    const error = failure(() => declarationBy(ALL, text))
    expect(error.exitCode).toBe(WRONG_USE)
    expect(error.message).toContain('cccc3333')
    expect(error.message).toContain('cccc4444')
  })

  it('what is not there is told apart from wrong use', () => {
    expect(failure(() => declarationBy(ALL, 'nothing')).exitCode).toBe(NOT_FOUND)
    // Too short to be an abbreviation of an id.
    expect(failure(() => declarationBy(ALL, 'aaa')).exitCode).toBe(NOT_FOUND)
  })

  it('what is mistyped or incomplete is answered with what may be meant', () => {
    expect(failure(() => declarationBy(ALL, 'caht')).hint).toMatch(/^Did you mean chat\? /)
    expect(failure(() => declarationBy(ALL, 'smal')).hint).toMatch(/^Did you mean org\/small\? /)
    expect(failure(() => declarationBy(ALL, 'elsewhere')).hint).toBe('`muster ps` lists them.')
  })

  it('models are found without their owner, unless two have that name', () => {
    const models = ['a/one', 'a/two', 'b/two'].map((id) => ModelId.parse(id))
    expect(modelBy(models, 'One')).toBe('a/one')
    expect(modelBy(models, 'b/two')).toBe('b/two')
    expect(failure(() => modelBy(models, 'two')).message).toBe('two is ambiguous, 2 matches: a/two, b/two')
  })

  it.each(['', 'm'.repeat(201), 'constructor'])('a model that none can be called is wrong use: %s', (text) => {
    expect(failure(() => modelIdOf(text))).toMatchObject({ exitCode: WRONG_USE, hint: 'Expected OWNER/NAME.' })
  })
})
