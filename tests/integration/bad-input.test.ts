import { request } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

interface Case {
  readonly what: string
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly status: number
  /** The message must contain it. */
  readonly says: string
}

const JSON_TYPE = { 'content-type': 'application/json' }
const chat = (fields: object): string =>
  JSON.stringify({ model: TINY, messages: [{ role: 'user', content: 'hi' }], ...fields })
const declare = (fields: object): string => JSON.stringify({ modelId: TINY, ...fields })

const write = (path: string, body: string, status: number, says: string, what: string): Case => ({
  what,
  method: 'POST',
  path,
  body,
  headers: JSON_TYPE,
  status,
  says,
})

const many = (count: number): object[] => Array.from({ length: count }, () => ({ role: 'user', content: 'hi' }))

/** Below the limit of bytes, and more than is checked and translated without holding up other clients. */
const LARGE: readonly Case[] = (
  [
    ['/v1/chat/completions', 'messages'],
    ['/v1/responses', 'input'],
    ['/v1/messages', 'messages'],
    ['/api/chat', 'messages'],
  ] as const
).flatMap(([path, field]) => [
  write(
    path,
    JSON.stringify({ model: TINY, [field]: many(10_001) }),
    400,
    `${field}: 10001 `,
    `${path} with 10,001 ${field}`,
  ),
  write(
    path,
    JSON.stringify({ model: TINY, [field]: many(300_000) }),
    400,
    `${field}: too large`,
    `${path} with 300,000 ${field}`,
  ),
])

const CASES: readonly Case[] = [
  write('/meta_instance', '{"modelId": ', 400, 'JSON', 'malformed JSON for a declaration'),
  write('/meta_instance', declare({ colour: 'red' }), 400, 'colour', 'an unknown field'),
  write(
    '/meta_instance',
    declare({ sharding: 'Sideways' }),
    400,
    'Tensor',
    'unknown enum text, which lists what is allowed',
  ),
  write('/meta_instance', declare({ colour_of: 'red' }), 400, 'colour_of', 'an unknown field in snake_case'),
  write('/meta_instance', declare({ minNodes: 'two' }), 400, 'minNodes', 'a wrong type'),
  write('/meta_instance', declare({ nodeIds: ['a', 'a'] }), 400, 'nodeIds: a machine is named twice', 'a group of one'),
  write('/meta_instance', declare({ minNodes: 0 }), 400, 'minNodes', 'a number out of range'),
  write('/meta_instance', declare({ minNodes: 1, min_nodes: 2 }), 400, 'minNodes', 'both spellings of one field'),
  write(
    '/meta_instance',
    JSON.stringify({ modelId: 'nobody/nothing' }),
    400,
    'on no machine that is connected',
    'an unknown model',
  ),
  write('/meta_instance', '[]', 400, '', 'a list instead of an object'),
  write(
    '/meta_instance?validate=true',
    declare({ minNodes: 2 }),
    400,
    'at least 2',
    'what cannot be placed now, with validate',
  ),
  write('/meta_instance', declare({ maxContext: 2049 }), 400, '2048 tokens', 'more context than the model has'),
  write(
    '/place_instance',
    declare({ maxContext: 2049 }),
    400,
    '2048 tokens',
    'an instance of more context than the model has',
  ),
  write(
    '/meta_instances/apply',
    JSON.stringify({ documents: [{ name: 'long', modelId: TINY, maxContext: 2049 }] }),
    400,
    '2048 tokens',
    'a document of more context than the model has',
  ),
  write('/place_instance', declare({ minNodes: 5 }), 400, 'at least 5', 'a placement that cannot be'),
  write('/v1/chat/completions', '{', 400, 'JSON', 'malformed JSON for a chat'),
  write(
    '/v1/chat/completions',
    '['.repeat(1_000_000) + ']'.repeat(1_000_000),
    400,
    '200',
    'a million lists within one another',
  ),
  write(
    '/v1/chat/completions',
    chat({ metadata: 0 }).replace('"metadata":0', `"metadata":${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}`),
    400,
    '200',
    'objects within one another in a field that is ignored',
  ),
  ...['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/embeddings'].map((path) =>
    write(path, chat({ model: 'm'.repeat(501) }), 400, 'model: Too big', `a name of a model without end at ${path}`),
  ),
  write('/v1/chat/completions', chat({ n: 17 }), 400, 'n: Too big', 'seventeen choices'),
  write('/v1/chat/completions', chat({ messages: [] }), 400, 'messages', 'no messages'),
  write('/v1/chat/completions', chat({ temperature: 'hot' }), 400, 'temperature', 'a wrong type in a chat'),
  write('/v1/chat/completions', chat({ tools: [{}] }), 400, 'tools', 'what is not supported'),
  write('/v1/chat/completions', chat({ stop: Array(17).fill('a') }), 400, 'stop: Too big', 'more stops than are taken'),
  write('/v1/chat/completions', chat({ seed: 2 ** 65 }), 400, 'seed: must be at most 2^64', 'a seed out of range'),
  write('/cluster/join', '{"tken": "x"}', 400, 'token', 'a choice of fields of which none is given'),
  write('/cluster/join', '{"address": "10.0.0.256"}', 409, '10.0.0.256', 'an address that no machine can have'),
  write('/v1/chat/completions', chat({ top_logprobs: 3 }), 400, 'logprobs', 'fields that contradict one another'),
  write(
    '/v1/chat/completions',
    chat({}),
    404,
    '/meta_instance',
    'a model that nobody declared, with how to declare it',
  ),
  {
    what: 'a body that is no JSON',
    method: 'POST',
    path: '/meta_instance',
    headers: { 'content-type': 'text/plain' },
    body: '{}',
    status: 415,
    says: 'application/json',
  },
  {
    what: 'a body in an encoding that is not known',
    method: 'POST',
    path: '/meta_instance',
    headers: { ...JSON_TYPE, 'content-encoding': 'zstd' },
    body: '{}',
    status: 415,
    says: 'gzip',
  },
  {
    what: 'a text for a number in a query',
    path: '/events?after=now',
    status: 400,
    says: 'after: expected number, received NaN"',
  },
  { what: 'an unknown route', path: '/nothing', status: 404, says: '/docs' },
  { what: 'an unknown declaration', path: '/meta_instance/gone', status: 404, says: 'gone' },
  {
    what: 'the deletion of an unknown declaration',
    method: 'DELETE',
    path: '/meta_instance/gone',
    status: 404,
    says: 'gone',
  },
  {
    what: 'a preview without a machine that is no member',
    path: `/instance/previews?modelId=${encodeURIComponent(TINY)}&without=${'f'.repeat(64)}`,
    status: 404,
    says: 'f'.repeat(64),
  },
  { what: 'an unknown instance', path: '/instance/gone', status: 404, says: 'gone' },
  { what: 'a foreign host', path: '/state', headers: { host: 'evil.example' }, status: 403, says: 'evil.example' },
  {
    what: 'a foreign origin',
    path: '/state',
    headers: { origin: 'https://evil.example' },
    status: 403,
    says: 'evil.example',
  },
  {
    what: 'a cross-site request',
    path: '/state',
    headers: { 'sec-fetch-site': 'cross-site' },
    status: 403,
    says: 'may not use',
  },
]

/** Plain HTTP: fetch would not let a test name another host. */
const send = (
  base: string,
  { method = 'GET', path, headers = {}, body }: Omit<Case, 'what' | 'status' | 'says'>,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const out = request(
      `${base}${path}`,
      {
        method,
        agent: false,
        headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
      },
      (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    out.on('error', reject)
    // A node that refuses a body closes the connection before it has read it all, also after its answer came.
    out.on('socket', (socket) => socket.on('error', reject))
    out.end(body)
  })

describe('bad input', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path, args: ['--load-on-request', 'off'] })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it.each(CASES)('$what is answered with $status and what is wrong', async ({ status, says, ...asked }) => {
    const answer = await send(node.url, asked)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(says)])
    const { error } = JSON.parse(answer.text) as { error: { message: string; code: string } }
    expect(error.message.length).toBeGreaterThan(5)
    expect(error.code).toMatch(/^[a-z_]+$/)
  })

  it.each(LARGE)('$what is answered with $status and the field', async ({ status, says, ...asked }) => {
    const answer = await send(node.url, asked)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(says)])
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('is none where a client compresses with %s, or ends a route with a slash', async (encoding, compress) => {
    const answer = await fetch(`${node.url}/v1/chat/completions/`, {
      method: 'POST',
      headers: { ...JSON_TYPE, 'content-encoding': encoding },
      body: new Uint8Array(compress(chat({}))),
    })
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining(TINY)])
    expect((await fetch(`${node.url}/health/`)).status).toBe(200)
    expect((await fetch(`${node.url}/meta_instances/`)).status).toBe(200)
  })

  it.each([
    ['GET', '/v1/chat/completions', 'POST', (body: object) => 'error' in body && 'code' in Object(body.error)],
    ['PUT', '/v1/models', 'GET, HEAD', (body: object) => 'error' in body && 'param' in Object(body.error)],
    ['PATCH', '/v1/responses/resp_1', 'GET, HEAD, DELETE', (body: object) => 'error' in body],
    ['GET', '/v1/messages', 'POST', (body: object) => 'type' in body && body.type === 'error'],
    ['GET', '/api/chat', 'POST', (body: object) => 'error' in body && typeof body.error === 'string'],
    ['DELETE', '/api/tags', 'GET, HEAD', (body: object) => 'error' in body && typeof body.error === 'string'],
    ['DELETE', '/meta_instances', 'GET, HEAD', (body: object) => 'error' in body && 'hint' in Object(body.error)],
    ['DELETE', '/index.html', 'GET, HEAD', (body: object) => 'error' in body],
  ])('%s %s is told which methods there are, in the words of its route', async (method, path, allow, isTold) => {
    const response = await fetch(new URL(path, node.url), { method, headers: JSON_TYPE })
    const body = (await response.json()) as object
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
    expect([body, isTold(body)]).toEqual([body, true])
    expect(JSON.stringify(body)).toContain(`does not take ${method}`)
  })

  it('over 32 MiB is refused, and the node lives on with nothing declared', async () => {
    const answer = await send(node.url, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: JSON_TYPE,
      body: 'x'.repeat(33 * 1024 * 1024),
    }).catch(() => ({ status: 413, text: 'closed' }))
    expect(answer.status).toBe(413)
    const state = await new Control(node.url).state()
    expect([state.metaInstances, state.instances]).toEqual([{}, {}])
  })
})
