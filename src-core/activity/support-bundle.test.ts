import { describe, expect, it } from 'vitest'
import { logLine, withoutSecrets } from './support-bundle'

const clean = (value: unknown) => withoutSecrets(value, { home: '/Users/ada' })

describe('a support bundle', () => {
  it('has no secrets, neither in fields nor within texts', () => {
    const found = clean({
      apiKey: 'mst_abcdefghijkl',
      members: {
        a: { certificate: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----', friendlyName: 'Studio' },
      },
      line: 'asked with Bearer abc.def and hf_abcdefghijk, then http://me:pw@proxy:3128 and /sign-in?code=abcdefghijklmnopqrst',
      list: [{ password: 'x' }],
    })
    const text = JSON.stringify(found)
    for (const secret of ['mst_', 'BEGIN', 'abc.def', 'hf_abc', 'me:pw', 'abcdefghijklmnopqrst', '"x"'])
      expect(text).not.toContain(secret)
    expect(text).toContain('Studio')
    expect(text).toContain('@proxy:3128')
  })

  it('has no prompts, and no user names in paths', () => {
    const found = clean({
      messages: [{ role: 'user', content: 'my diary' }],
      prompt: 'my diary',
      path: '/Users/ada/models/x',
    })
    expect(JSON.stringify(found)).not.toContain('diary')
    expect(found).toMatchObject({ path: '~/models/x' })
  })

  it('keeps counts, and lines of the log as they are', () => {
    expect(clean({ promptTokens: 3, maxTokens: 4, tokensPerSecond: 5 })).toEqual({
      promptTokens: 3,
      maxTokens: 4,
      tokensPerSecond: 5,
    })
    expect(clean(logLine('{"level":"info","msg":"running"}'))).toEqual({ level: 'info', msg: 'running' })
    expect(logLine('not JSON')).toBe('not JSON')
  })
})
