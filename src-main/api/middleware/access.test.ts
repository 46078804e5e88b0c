import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { ApiKeyId } from '@core/ids'
import { emptyState, type State } from '@core/state/state'
import { respondWith } from '../dialect'
import { Problem } from '../problem'
import { Access, hashOf, newKey } from './access'
import { hostCheck } from './host'
import { originCheck } from './origin'

const apiKeyId = ApiKeyId.parse('key-1')

/** An API that is open to the network; `state` is the state of the node. */
const open = (node: { state: State }) => {
  const access = new Access(() => node.state)
  const app = new Hono()
  app.onError((error, c) => (error instanceof Problem ? respondWith(c, error) : c.text('unexpected', 500)))
  app.use(originCheck({ allowedOrigins: ['app://muster'], allowedHosts: [] }))
  app.use(hostCheck({ open: true, allowed: [], hasKey: access.hasKey }))
  app.get('/sign-in', access.signIn)
  app.use(access.check)
  app.get('/state', (c) => c.text('the state'))
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(path, { method, headers: { host: '192.168.1.7:52416', ...headers } })
  return { access, ask }
}

const withKey = (key: string): { state: State } => ({
  state: {
    ...emptyState(),
    apiKeys: { [apiKeyId]: { apiKeyId, name: 'laptop', hash: hashOf(key), createdAt: 1 } },
  },
})

describe('an API that is open to the network', () => {
  it('asks everybody for a key and says how to send one', async () => {
    const answer = await open({ state: emptyState() }).ask('/state')
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain('authorization: Bearer')
  })

  it.each([
    ['authorization', (key: string) => `Bearer ${key}`],
    ['authorization', (key: string) => `bearer ${key}`],
    ['authorization', (key: string) => `Bearer  ${key}`],
    ['authorization', (key: string) => ` BEARER \t${key} `],
    ['x-api-key', (key: string) => key],
  ])('takes a key in %s', async (header, value) => {
    const key = newKey()
    const answer = await open(withKey(key)).ask('/state', { [header]: value(key) })
    expect([answer.status, await answer.text()]).toEqual([200, 'the state'])
  })

  it('takes a right key beside one that a client made up', async () => {
    const key = newKey()
    const { ask } = open(withKey(key))
    expect((await ask('/state', { 'x-api-key': key, authorization: 'Bearer none' })).status).toBe(200)
    expect((await ask('/state', { 'x-api-key': 'none', authorization: `Bearer ${key}` })).status).toBe(200)
  })

  it('refuses a wrong key, the hash of a right one, and a key that was revoked', async () => {
    const key = newKey()
    const node = withKey(key)
    const { ask } = open(node)
    for (const wrong of [newKey(), hashOf(key), '', `${key}x`])
      expect((await ask('/state', { authorization: `Bearer ${wrong}` })).status).toBe(401)
    node.state = { ...node.state, apiKeys: {} }
    expect((await ask('/state', { authorization: `Bearer ${key}` })).status).toBe(401)
  })

  it('signs a browser in by a link that works once, with a cookie that no script and no other site can use', async () => {
    const { access, ask } = open({ state: emptyState() })
    const link = access.signInPath()
    const looked = await ask(link, {}, 'HEAD')
    expect([looked.status, looked.headers.get('set-cookie')]).toEqual([200, null])
    const first = await ask(link)
    const cookie = first.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Strict/)
    const [session = ''] = cookie.split(';')
    expect((await ask('/state', { cookie: session })).status).toBe(200)
    expect((await ask(link)).status).toBe(401)
    expect((await ask('/sign-in')).status).toBe(401)
    expect((await ask('/state', { cookie: `${session}x` })).status).toBe(401)
  })

  it('keeps the latest links only, and every browser that is signed in', async () => {
    const { access, ask } = open({ state: emptyState() })
    const links = Array.from({ length: 12 }, () => access.signInPath())
    const statuses = await Promise.all(links.map(async (link) => (await ask(link)).status))
    expect(statuses).toEqual([401, 401, ...Array.from({ length: 10 }, () => 200)])
  })

  it.each([
    ['an address', '10.0.0.5:52416', 200],
    ['an address of version 6', '[fe80::1]:52416', 200],
    ['this machine by its loopback name', 'localhost:52416', 200],
    ['a name that this machine does not know, since no page that points its name here has a key', 'evil.example', 200],
    ['no host at all', '', 200],
  ])('is asked as %s, with a key', async (_what, host, status) => {
    const key = newKey()
    expect((await open(withKey(key)).ask('/state', { host, authorization: `Bearer ${key}` })).status).toBe(status)
  })

  it.each([
    ['another site', 'https://evil.example', 403],
    ['another port of this machine', 'http://192.168.1.7:8080', 403],
    ['a page without an origin', 'null', 403],
    ['its own page', 'http://192.168.1.7:52416', 200],
    ['the window', 'app://muster', 200],
  ])('is used by %s, with a key', async (_what, origin, status) => {
    const key = newKey()
    expect((await open(withKey(key)).ask('/state', { origin, authorization: `Bearer ${key}` })).status).toBe(status)
  })
})
