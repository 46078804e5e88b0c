import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { connectionsFor, isLocal } from './connections'

const url = 'http://127.0.0.1:52416'
/** The words of a command as a POSIX shell takes them. */
const shellWords = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|\\[^]|[^\s'\\])+/g)]
    .map(([word]) =>
      word.replace(/'([^']*)'|\\([^])/g, (_all, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''),
    )
    .filter((word) => word !== '\n')

const texts = (model: string, key?: string) =>
  Object.fromEntries(connectionsFor({ url, model, models: [model], key }).map(({ title, text }) => [title, text]))

describe('a snippet', () => {
  it.each(['chat', `Ada's "best" $(model) \\ one`])('passes the model’s name on unchanged: %s', (model) => {
    const words = shellWords(texts(model)['curl'] ?? '')
    const body: unknown = JSON.parse(words.at(-1) ?? '')
    expect(words[0]).toBe('curl')
    expect(body).toMatchObject({ model })
    expect(texts(model)['Python (openai)']).toContain(`model=${JSON.stringify(model)},`)
  })

  it('names a key only if one is needed', () => {
    expect(texts('chat')['curl']).not.toContain('authorization')
    expect(texts('chat')['Python (openai)']).toContain('api_key="none"')
    const keyed = texts('chat', 'YOUR_KEY')
    expect(keyed['curl']).toContain("-H 'authorization: Bearer YOUR_KEY'")
    expect(keyed['JavaScript (openai)']).toContain('apiKey: "YOUR_KEY"')
  })

  it('has the address and the model for every program, quoted for its language', () => {
    const found = connectionsFor({ url, model: 'my "chat"', models: ['my "chat"'], key: undefined })
    for (const { text } of found) expect(text).toContain(url)
    const byId = Object.fromEntries(found.map(({ id, text }) => [id, text]))
    expect(JSON.parse(byId['claude-code'] ?? '')).toMatchObject({
      env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_MODEL: 'my "chat"' },
    })
    expect(byId['codex']).toContain(String.raw`model = "my \"chat\""`)
    expect(JSON.parse(byId['opencode'] ?? '')).toMatchObject({
      model: 'muster/my "chat"',
      provider: { muster: { models: { 'my "chat"': {} } } },
    })
    expect(parse(byId['continue'] ?? '')).toMatchObject({ models: [{ model: 'my "chat"', apiBase: `${url}/v1` }] })
  })

  it('recognises this machine’s own addresses', () => {
    expect(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'].map(isLocal)).toEqual([true, true, true])
    expect(isLocal('http://192.168.1.20:52416')).toBe(false)
  })
})
