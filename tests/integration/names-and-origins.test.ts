import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

interface Asked {
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object
  /** Do not read the answer: it never ends. */
  readonly headersOnly?: boolean
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks as it is told: `fetch` would not let a test choose its Host. */
const ask = async (url: string, { method = 'GET', headers, body, headersOnly }: Asked): Promise<Answer> => {
  const outgoing = request(url, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
  })
  outgoing.end(body && JSON.stringify(body))
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
  })
  const { statusCode: status, headers: given } = answer
  if (!headersOnly) return { status, headers: given, body: await text(answer) }
  answer.destroy()
  await once(answer, 'close')
  return { status, headers: given, body: '' }
}

describe('names and origins of a node', () => {
  const folder = { path: '', dispose: () => {} }
  const origin = 'app://obsidian.md'
  let node: HeadlessNode

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({
      dataDir: folder.path,
      args: ['--allow-host', 'host.docker.internal', '--allow-host', '*.tail1234.ts.net', '--ollama-port', '0'],
      env: { MUSTER_ALLOWED_ORIGINS: `${origin}, https://chat.example.org` },
    })
    const control = new Control(node.url)
    const { metaInstanceId } = await control.declare(TINY)
    await control.until('READY', (state) => {
      const declared = state.metaInstances[metaInstanceId]
      return declared !== undefined && statusOf(state, declared).word === 'READY'
    })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it.each([
    ['host.docker.internal:52416', 200],
    ['studio.tail1234.ts.net', 200],
    ['localhost.', 200],
    ['studio.lan', 403],
    ['host.docker.internal.evil.example', 403],
  ])('%s is answered with %i', async (host, status) => {
    for (const path of ['/v1/models', '/state', '/api/tags']) {
      const answer = await ask(`${node.url}${path}`, { headers: { host } })
      expect(answer.status).toBe(status)
      if (status === 403) expect(answer.body).toContain('MUSTER_ALLOWED_HOSTS=')
    }
  })

  it('any name is answered with a key, until that is revoked', async () => {
    const control = new Control(node.url)
    const made = await control.request('/api_keys', { method: 'POST', json: { name: 'laptop' } })
    const { apiKeyId, key } = z.object({ apiKeyId: z.string(), key: z.string() }).parse(await made.json())
    const asked = { headers: { host: 'studio.lan', authorization: `Bearer ${key}` } }
    expect((await ask(`${node.url}/v1/models`, asked)).status).toBe(200)
    await control.request(`/api_keys/${apiKeyId}`, { method: 'DELETE' })
    expect((await ask(`${node.url}/v1/models`, asked)).status).toBe(403)
  })

  it('pages of an allowed origin can read answers, errors and streams', async () => {
    const chat = { model: TINY, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4 }
    const answers = await Promise.all([
      ask(`${node.url}/v1/models`, { headers: { origin } }),
      ask(`${node.url}/v1/chat/completions`, { method: 'POST', headers: { origin }, body: chat }),
      ask(`${node.url}/v1/chat/completions`, { method: 'POST', headers: { origin }, body: { ...chat, stream: true } }),
      ask(`${node.url}/v1/messages`, { method: 'POST', headers: { origin }, body: { ...chat, stream: true } }),
      ask(`${node.url}/api/chat`, { method: 'POST', headers: { origin }, body: { ...chat, stream: true } }),
      ask(`${node.url}/events`, { headers: { origin }, headersOnly: true }),
      ask(`${node.ollamaUrl ?? ''}/`, { headers: { origin } }),
      ask(`${node.url}/v1/chat/completions`, { method: 'POST', headers: { origin }, body: { model: 7 } }),
      ask(`${node.url}/nowhere`, { headers: { origin } }),
      ask(`${node.url}/v1/models`, { headers: { origin, host: 'studio.lan' } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200, 400, 404, 403])
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' })
      expect(headers['access-control-expose-headers']).toContain('x-muster-ignored-fields')
    }
  })

  it('a preflight for what an SDK sends is answered', async () => {
    const names = 'authorization,content-type,x-stainless-lang'
    const answer = await ask(`${node.url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': names },
    })
    expect([answer.status, answer.headers]).toMatchObject([
      204,
      {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': names,
      },
    ])
  })

  it.each(['https://evil.example', 'null', 'http://localhost:3000'])(
    'pages of %s can neither ask nor read, and change nothing',
    async (foreign) => {
      const headers = { origin: foreign, 'sec-fetch-site': 'cross-site' }
      const asked = [
        ask(`${node.url}/v1/models`, { headers }),
        ask(`${node.url}/meta_instance`, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' } }),
        ask(`${node.url}/state`, {
          method: 'OPTIONS',
          headers: { ...headers, 'access-control-request-method': 'GET' },
        }),
      ]
      for (const answer of await Promise.all(asked)) {
        expect(answer.status).toBe(403)
        expect(answer.body).toContain('MUSTER_ALLOWED_ORIGINS')
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
      }
    },
  )
})
