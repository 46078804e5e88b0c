import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { HubError } from '@main/models/hub/hub-error'
import { huggingFace } from '@main/models/hub/hugging-face'
import { HubRequests } from '@main/models/hub/requests'
import { FakeHub, GOOD_TOKEN } from '../harness/fake-hub'
import { temporaryFolder } from '../harness/headless-node'
import { TINY, tinyModel } from '../harness/models'

const tiny = ModelId.parse(TINY)

describe('the client of the hub', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
    hub.add(TINY, { folder: tinyModel() })
  })
  afterEach(async () => {
    await hub.close()
    folder.dispose()
  })

  const endpoint = (env: Record<string, string> = {}) =>
    hubEndpoint({ env: { HF_ENDPOINT: `${hub.url}/`, ...env }, home: folder.path })
  const client = (env?: Record<string, string>) => new Hub({ endpoint: endpoint(env), offline: undefined })
  const failure = async (asking: Promise<unknown>): Promise<HubError> => {
    const error = await asking.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof HubError)) throw new Error(`it did not fail as a hub does: ${String(error)}`)
    return error
  }
  const everything = async (bytes: AsyncIterable<Uint8Array>): Promise<number> => {
    let size = 0
    for await (const part of bytes) size += part.length
    return size
  }

  it('reads what placing needs from the list of files and two small ones; no weights are fetched', async () => {
    const card = await client().card(tiny)
    expect(card).toMatchObject({ modelId: TINY, layers: 4, hiddenSize: 64, supportsPipeline: true })
    expect(card.storageBytes).toBeGreaterThan(100_000)
    expect(hub.sentOf('model.safetensors')).toBe(0)
  })

  it('asks once for a card that many want', async () => {
    const one = client()
    await Promise.all([one.card(tiny), one.card(tiny)])
    await one.card(tiny)
    expect(hub.requests.filter(({ path }) => path.startsWith('/api/'))).toHaveLength(1)
  })

  it('says who asks to the hub itself and never to whom it is sent on to', async () => {
    const requests = new HubRequests(endpoint({ HF_TOKEN: GOOD_TOKEN }))
    const listing = await huggingFace.list(requests, tiny)
    await everything((await requests.get({ path: listing.pathOf('model.safetensors') })).bytes)
    expect(new Set(hub.requests.map(({ server, authorization }) => `${server} ${authorization ?? 'nobody'}`))).toEqual(
      new Set([`hub Bearer ${GOOD_TOKEN}`, 'cdn nobody']),
    )
  })

  it('takes the token of whoever is logged in on this machine, and nothing that is none', async () => {
    mkdirSync(join(folder.path, '.cache', 'huggingface'), { recursive: true })
    writeFileSync(join(folder.path, '.cache', 'huggingface', 'token'), `${GOOD_TOKEN}\n`)
    expect(await endpoint().token()).toBe(GOOD_TOKEN)
    expect(await endpoint({ HF_TOKEN_PATH: join(folder.path, 'other') }).token()).toBeUndefined()
    expect(await endpoint({ HF_TOKEN: 'two\r\nlines: of a header' }).token()).toBeUndefined()
  })

  it('asks with the token of the node’s settings as it is now, before all others', async () => {
    const saved: { token?: string } = {}
    const login = { env: { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_login' }, home: folder.path }
    const own = hubEndpoint(login, { token: () => saved.token })
    expect(await own.token()).toBe('hf_login')
    saved.token = GOOD_TOKEN
    expect(await own.token()).toBe(GOOD_TOKEN)
  })

  it('knows what is missing, what is gated and whose token is refused, and says what to do', async () => {
    hub.add('who/gated', { folder: tinyModel(), gated: true })
    const missing = await failure(client().card(ModelId.parse('nobody/nothing')))
    expect([missing.code, missing.message]).toEqual([
      'hub_not_found',
      expect.stringContaining('There is no model nobody/nothing'),
    ])
    const gated = await failure(client().card(ModelId.parse('who/gated')))
    expect([gated.code, gated.hint]).toEqual(['hub_gated', expect.stringContaining(`${hub.url}/who/gated`)])
    await client({ HF_TOKEN: GOOD_TOKEN }).card(ModelId.parse('who/gated'))
    const refused = await failure(client({ HF_TOKEN: 'hf_bad' }).card(tiny))
    expect([refused.code, refused.hint]).toEqual(['hub_token_refused', expect.stringContaining('/settings/tokens')])
    expect(refused.message + refused.hint).not.toContain('hf_bad')
  })

  it.each([
    [429, { 'retry-after': '7' }, 'hub_busy', 7000],
    [429, { ratelimit: '"api";r=0;t=55' }, 'hub_busy', 55_000],
    [503, {}, 'hub_failed', undefined],
  ] as const)(
    'tells a passing failure (%s) from a lasting one, and when to come back',
    async (status, headers, code, ms) => {
      hub.failNext('/api/models/', status, { headers })
      const error = await failure(client().card(tiny))
      expect([error.code, error.isTransient, error.retryAfterMs]).toEqual([code, true, ms])
    },
  )

  it('says that there is no network, and that it is told to ask nobody', async () => {
    const away = new Hub({ endpoint: endpoint(), offline: undefined })
    await hub.close()
    const error = await failure(away.card(tiny))
    expect([error.code, error.message]).toEqual(['hub_unreachable', expect.stringMatching(/cannot be reached \(\w+\)/)])
    hub = await FakeHub.start()
    const offline = new Hub({ endpoint: endpoint(), offline: '--offline' })
    expect((await failure(offline.card(tiny))).code).toBe('hub_offline')
    expect((await failure(offline.search('x'))).code).toBe('hub_offline')
    expect(hub.requests).toEqual([])
  })

  it('gives up a hub that has gone silent in the middle of an answer', async () => {
    hub.silenceNext('model.safetensors?', { afterBytes: 1000 })
    const listing = await huggingFace.list(new HubRequests(endpoint()), tiny)
    const impatient = new HubRequests(endpoint(), { idleMs: 200 })
    // On a busy machine the answer itself may take as long.
    const asked = impatient.get({ path: listing.pathOf('model.safetensors') }).then(({ bytes }) => everything(bytes))
    expect((await failure(asked)).message).toContain('has not answered for')
  })

  it('believes no name that is a path, and takes nothing that could be run', async () => {
    const names = ['../../etc/passwd', 'sub/model.safetensors', '.hidden', 'tokenizer.py', 'tokenizer.pkl', 'model.bin']
    hub.add('who/hostile', { folder: tinyModel(), files: Object.fromEntries(names.map((name) => [name, 'x'])) })
    const { files } = await huggingFace.list(new HubRequests(endpoint()), ModelId.parse('who/hostile'))
    expect(files.map(({ name }) => name).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'model.safetensors.index.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    for (const id of ['../../etc/passwd', 'a/../b', 'https://evil.example/x', 'a/b?c', '/a'])
      expect((await failure(client().card(ModelId.parse(id)))).code).toBe('hub_not_found')
    expect(hub.requests.filter(({ path }) => !path.includes('hostile'))).toEqual([])
  })

  it.each(['<html>Sign in to the hotel’s network</html>', '[]', '{"sha":"main","siblings":[]}'])(
    'says so when something else than a hub answers: %s',
    async (body) => {
      hub.answerNext('/api/models/', body)
      expect((await failure(client().card(tiny))).code).toBe('hub_nonsense')
    },
  )

  it('follows a few redirects and no ring of them', async () => {
    hub.failNext('/api/models/', 307, {
      headers: { location: `/api/models/${TINY}/revision/main?blobs=true` },
      times: 2,
    })
    expect((await client().card(tiny)).modelId).toBe(TINY)
    hub.failNext('/api/models/', 307, { headers: { location: '/api/models/a/b' }, times: 50 })
    expect((await failure(client().card(tiny))).code).toBe('hub_nonsense')
  })

  it('finds models with their size, and passes over what it cannot read', async () => {
    hub.add('who/tiny-flux', { files: { 'config.json': '{"model_type":"flux"}' } })
    expect(await client().search('tiny')).toMatchObject([
      { modelId: TINY, title: 'tiny', gated: false },
      { modelId: 'who/tiny-flux', problem: 'the installed mlx-lm cannot run "flux" models' },
    ])
    hub.answerNext('/api/models', JSON.stringify([{ id: 7 }, { id: '../x' }, { id: 'a/b-4bit', safetensors: null }]))
    expect(await client().search('tiny')).toMatchObject([{ modelId: 'a/b-4bit', quantization: '4-bit' }])
  })
})
