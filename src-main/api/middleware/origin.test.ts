import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { respondWith } from '../dialect'
import { Problem } from '../problem'
import { originCheck } from './origin'

const HOST = 'localhost:52416'

/** An API with these allowed origins and hosts; requests that pass that check need a key. */
const api = (allowedOrigins: readonly string[] = [], allowedHosts: readonly string[] = []) => {
  const app = new Hono()
  app.onError((error, c) => (error instanceof Problem ? respondWith(c, error) : c.text('unexpected', 500)))
  app.use(originCheck({ allowedOrigins, allowedHosts }))
  app.use(async (c, next) => {
    if (c.req.header('x-api-key') !== 'right') throw new Problem(401, 'invalid_api_key', 'It needs a key')
    await next()
  })
  app.all('/state', (c) => c.text('the state'))
  return async (headers: Record<string, string>, method = 'GET') =>
    app.request('/state', { method, headers: { host: HOST, 'x-api-key': 'right', ...headers } })
}

const preflight = { 'x-api-key': '', 'access-control-request-method': 'POST' }

describe('a request of a page', () => {
  const allowed = ['app://obsidian.md', 'https://chat.example.org']

  // Without the setting, then with it.
  it.each([
    ['app://obsidian.md', [403, 200]],
    ['https://chat.example.org', [403, 200]],
    ['http://chat.example.org', [403, 403]],
    ['https://chat.example.org:8443', [403, 403]],
    ['https://chat.example.org.evil.example', [403, 403]],
    ['https://evil.example', [403, 403]],
    ['null', [403, 403]],
    ['http://localhost:8080', [403, 403]],
    [`http://${HOST}`, [200, 200]],
    [`https://${HOST}`, [403, 403]],
  ])('from %s is answered without and with settings: %j', async (origin, statuses) => {
    for (const method of ['GET', 'POST']) {
      const answers = await Promise.all([api(), api(allowed)].map((ask) => ask({ origin }, method)))
      expect(answers.map(({ status }) => status)).toEqual(statuses)
      for (const { status, headers } of answers) {
        const named = status === 200 && allowed.includes(origin) ? origin : null
        expect(headers.get('access-control-allow-origin')).toBe(named)
        expect(headers.get('vary')).toBe('origin')
      }
    }
  })

  it.each(['cross-site', 'same-site'])('that is %s is refused where its browser names no origin', async (site) => {
    const ask = api(allowed)
    const asked = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }
    expect((await ask(asked)).status).toBe(403)
    expect((await ask({ ...asked, 'sec-fetch-mode': 'navigate' }, 'POST')).status).toBe(403)
    expect((await ask({ ...asked, 'sec-fetch-mode': 'navigate' })).status).toBe(200)
    expect((await ask({ ...asked, 'sec-fetch-mode': 'cors', origin: 'app://obsidian.md' })).status).toBe(200)
  })

  it('that a proxy of an allowed name serves with https is one of our own', async () => {
    const own = { host: 'studio.tail1234.ts.net', origin: 'https://studio.tail1234.ts.net' }
    expect((await api([], ['.ts.net'])(own)).status).toBe(200)
    expect((await api()(own)).status).toBe(403)
    expect((await api([], ['.ts.net'])({ ...own, origin: 'https://other.tail1234.ts.net' })).status).toBe(403)
  })

  it.each(['app://obsidian.md', 'https://chat.example.org:8443', 'chrome-extension://abcdef'])(
    'that is refused (%s) names the settings, and is answered with what they name',
    async (origin) => {
      const text = await (await api()({ origin })).text()
      const [, value = ''] = /--allow-origin (\S+)/.exec(text) ?? []
      expect(text).toContain(`MUSTER_ALLOWED_ORIGINS=${value}`)
      expect(text).toContain('allowedOrigins')
      expect((await api([value])({ origin })).status).toBe(200)
    },
  )

  it('of an allowed origin can read its errors, and the headers that programs read', async () => {
    const answer = await api(allowed)({ origin: 'app://obsidian.md', 'x-api-key': 'wrong' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe('app://obsidian.md')
    const exposed = answer.headers.get('access-control-expose-headers')?.split(', ')
    expect(exposed).toEqual(expect.arrayContaining(['x-muster-ignored-fields', 'retry-after', 'request-id']))
  })
})

describe('a preflight', () => {
  it.each([
    ['POST', 'authorization,content-type,x-stainless-os'],
    ['DELETE', 'anthropic-version, x-api-key'],
    ['PATCH', undefined],
  ])('for %s with %s is answered with what it asks, without a key', async (method, headers) => {
    const asked = {
      ...preflight,
      origin: 'app://obsidian.md',
      'access-control-request-method': method,
      ...(headers !== undefined && { 'access-control-request-headers': headers }),
    }
    const answer = await api(['app://obsidian.md'])(asked, 'OPTIONS')
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(answer.headers.get('access-control-allow-origin')).toBe('app://obsidian.md')
    expect(answer.headers.get('access-control-allow-methods')).toBe(method)
    expect(answer.headers.get('access-control-allow-headers')).toBe(headers ?? null)
    expect(answer.headers.get('access-control-allow-private-network')).toBeNull()
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    expect(answer.headers.get('vary')).toContain('access-control-request-headers')
  })

  it('is told that a private network may be asked, where it asks that', async () => {
    const asked = { ...preflight, origin: 'app://obsidian.md', 'access-control-request-private-network': 'true' }
    const answer = await api(['app://obsidian.md'])(asked, 'OPTIONS')
    expect(answer.headers.get('access-control-allow-private-network')).toBe('true')
  })

  it('of any other origin is refused', async () => {
    const answer = await api(['app://obsidian.md'])({ ...preflight, origin: 'https://evil.example' }, 'OPTIONS')
    expect(answer.status).toBe(403)
    for (const [name] of answer.headers) expect(name).not.toMatch(/^access-control-allow/)
  })

  it('is no other OPTIONS request: that needs a key', async () => {
    expect((await api(['app://obsidian.md'])({ origin: 'app://obsidian.md', 'x-api-key': '' }, 'OPTIONS')).status).toBe(
      401,
    )
  })
})
