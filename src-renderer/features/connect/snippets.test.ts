import { describe, expect, it } from 'vitest'
import { isLocal, snippetsFor } from './snippets'

const url = 'http://127.0.0.1:52416'
/** The words of a command as a POSIX shell takes them. */
const shellWords = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|\\[^]|[^\s'\\])+/g)]
    .map(([word]) =>
      word.replace(/'([^']*)'|\\([^])/g, (_all, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''),
    )
    .filter((word) => word !== '\n')

const texts = (model: string, key?: string) =>
  Object.fromEntries(snippetsFor({ url, model, key }).map(({ title, text }) => [title, text]))

describe('a snippet', () => {
  it.each(['chat', `Ada's "best" $(model) \\ one`])('hands on the model’s name as it is: %s', (model) => {
    const words = shellWords(texts(model)['curl'] ?? '')
    const body: unknown = JSON.parse(words.at(-1) ?? '')
    expect(words[0]).toBe('curl')
    expect(body).toMatchObject({ model })
    expect(texts(model)['Python (openai)']).toContain(`model=${JSON.stringify(model)},`)
  })

  it('names a key only where one is needed', () => {
    expect(texts('chat')['curl']).not.toContain('authorization')
    expect(texts('chat')['Python (openai)']).toContain('api_key="none"')
    const keyed = texts('chat', 'YOUR_KEY')
    expect(keyed['curl']).toContain("-H 'authorization: Bearer YOUR_KEY'")
    expect(keyed['JavaScript (openai)']).toContain('apiKey: "YOUR_KEY"')
  })

  it('knows which addresses are this machine’s own', () => {
    expect(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'].map(isLocal)).toEqual([true, true, true])
    expect(isLocal('http://192.168.1.20:52416')).toBe(false)
  })
})
