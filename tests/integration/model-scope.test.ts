import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { Fetcher } from '@main/models/fetching/fetcher'
import { RateLimit } from '@main/models/fetching/rate-limit'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { HubError } from '@main/models/hub/hub-error'
import { hubSource } from '@main/models/hub/hub-source'
import { GOOD_TOKEN } from '../harness/fake-hub'
import { FakeModelScope } from '../harness/fake-model-scope'
import { startHeadless, temporaryFolder } from '../harness/headless-node'
import { filesIn, TINY, tinyEmbeddingModel, tinyModel } from '../harness/models'
import { muster } from '../harness/muster'

const tiny = ModelId.parse(TINY)
const WEIGHTS_THERE = 'model.safetensors?'

describe('ModelScope as the hub', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeModelScope
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeModelScope.startModelScope()
    hub.add(TINY, { folder: tinyModel() })
  })
  afterEach(async () => {
    await hub.close()
    folder.dispose()
  })

  const endpoint = (env: Record<string, string> = {}) =>
    hubEndpoint({ env: { MODELSCOPE_ENDPOINT: hub.url, ...env }, home: folder.path }, { kind: 'modelscope' })
  const client = (env?: Record<string, string>) => new Hub({ endpoint: endpoint(env), offline: undefined })
  const failure = async (asking: Promise<unknown>): Promise<HubError> => {
    const error: unknown = await asking.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof HubError)) throw new Error(`it did not fail as a hub does: ${String(error)}`)
    return error
  }
  const isWhole = (target: string, from: string): void => {
    expect(filesIn(target)).toEqual(filesIn(from))
    for (const name of filesIn(from))
      expect(readFileSync(join(target, name)).equals(readFileSync(join(from, name)))).toBe(true)
  }
  const fetched = async (pieceBytes: number): Promise<void> => {
    const one = client()
    const failures: string[] = []
    await new Promise<void>((resolve) => {
      new Fetcher({
        modelsDir: folder.path,
        peers: () => [],
        hub: (modelId) => hubSource(one, modelId),
        waiting: () => () => false,
        away: () => undefined,
        freeBytes: () => Promise.resolve(undefined),
        keepFreeBytes: () => 0,
        limit: new RateLimit({ bytesPerSecond: () => 0 }),
        pieceBytes,
        onProgress: (_modelId, download) =>
          void failures.push(...(download?.error === undefined ? [] : [download.error])),
        onBrought: () => Promise.reject(new Error('it has no commit to be shared under')),
        onComplete: () => {
          resolve()
          return Promise.resolve(undefined)
        },
        log: { info: () => undefined, warn: () => undefined },
        wait: () => new Promise((again) => setImmediate(again)),
      }).need(tiny)
    })
    isWhole(join(folder.path, TINY), tinyModel())
  }

  it('has its own address, pages and tokens, and Hugging Face’s settings of the environment are not for it', async () => {
    const home = { env: { HF_ENDPOINT: 'https://mirror.example', HF_TOKEN: 'hf_one' }, home: folder.path }
    const own = hubEndpoint(home, { kind: 'modelscope' })
    expect([own.url, own.modelPage('a/b'), await own.token()]).toEqual([
      'https://www.modelscope.cn',
      'https://www.modelscope.cn/models/a/b',
      undefined,
    ])
    expect(await endpoint({ MODELSCOPE_API_TOKEN: 'ms-one' }).token()).toBe('ms-one')
  })

  it('tells what placing needs before any weights are fetched', async () => {
    expect(await client().card(tiny)).toMatchObject({ modelId: TINY, layers: 4, hiddenSize: 64 })
    expect(hub.requests.filter(({ path }) => path.includes('safetensors') && !path.includes('index'))).toEqual([])
  })

  it('gives a file in several ranges at once, though it answers them with status 200', async () => {
    await fetched(100_000)
    const ranges = hub.requests.filter(({ server, range }) => server === 'cdn' && range !== undefined)
    expect(ranges.length).toBeGreaterThan(3)
    expect(hub.sentOf('model.safetensors')).toBe(readFileSync(join(tinyModel(), 'model.safetensors')).length)
  })

  it('is asked for the rest of a file whose connection was cut, and again for a damaged one', async () => {
    hub.cutNext(WEIGHTS_THERE, { afterBytes: 100_000 })
    await fetched(32 * 1024 * 1024)
    expect(hub.requests.some(({ server, range }) => server === 'cdn' && range?.startsWith('bytes=0') === false)).toBe(
      true,
    )
  })

  it('is believed no bytes that have not the hash of its list', async () => {
    hub.damageNext(WEIGHTS_THERE)
    await fetched(32 * 1024 * 1024)
    expect(hub.requests.filter(({ path }) => path.includes(WEIGHTS_THERE)).length).toBe(2)
  })

  it('lists the settings of an embedding model’s steps, and of a model with too many files those at the top', async () => {
    hub.add('who/steps', { folder: tinyEmbeddingModel() })
    const names = async (id: string) => (await client().list(ModelId.parse(id))).files.map(({ name }) => name)
    expect(await names('who/steps')).toContain('1_Pooling/config.json')
    const many = Object.fromEntries(Array.from({ length: 3100 }, (_, at) => [`a/${at}.txt`, '']))
    hub.add('who/many', { files: { ...many, 'config.json': '{}' } })
    expect(await names('who/many')).toEqual(['config.json'])
  })

  it('gets the token in both forms that it knows, and its storage gets none', async () => {
    hub.add(TINY, { folder: tinyModel(), gated: true })
    expect((await failure(client().card(tiny))).message).toContain('or it is private')
    const one = client({ MODELSCOPE_API_TOKEN: GOOD_TOKEN })
    const listing = await one.list(tiny)
    const { bytes } = await one.requests.get({ path: listing.pathOf('model.safetensors') })
    for await (const part of bytes) expect(part.length).toBeGreaterThan(0)
    const shown = hub.requests.slice(1).map(({ server, authorization, cookie }) => [server, authorization, cookie])
    const both = ['hub', `Bearer ${GOOD_TOKEN}`, `m_session_id=${GOOD_TOKEN}`]
    expect(shown).toEqual([both, both, ['cdn', undefined, undefined]])
    const refused = await failure(client({ MODELSCOPE_API_TOKEN: 'ms-bad' }).card(tiny))
    expect([refused.code, refused.hint]).toEqual(['hub_token_refused', expect.stringContaining('/my/myaccesstoken')])
  })

  it.each([
    '<html>',
    '{"Code":500,"Data":{}}',
    '{"Code":200,"Data":{"Files":[{"Path":"config.json","Type":"blob","Size":1}]}}',
  ])('says so when something else answers: %s', async (body) => {
    hub.answerNext('/repo/files', body)
    expect((await failure(client().card(tiny))).code).toBe('hub_nonsense')
  })

  it('finds MLX models by words, and passes over what it cannot read', async () => {
    hub.add('who/tiny-torch', { files: { 'config.json': '{}' }, tags: ['pytorch'] })
    expect(await client().search('tiny')).toMatchObject([{ modelId: TINY, title: 'tiny', gated: false, downloads: 12 }])
    hub.answerNext('/openapi/', JSON.stringify({ data: { models: [{ id: 7 }, { id: '../x' }, { id: 'a/b-4bit' }] } }))
    expect(await client().search('tiny')).toMatchObject([{ modelId: 'a/b-4bit', quantization: '4-bit' }])
  })

  it('is where a node pulls from that is told so', async () => {
    const env = { MUSTER_HUB: 'modelscope', MODELSCOPE_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' }
    const node = await startHeadless({ dataDir: folder.path, env })
    try {
      const pulled = await muster({ url: node.url }, 'pull', TINY)
      expect([pulled.code, pulled.err]).toEqual([0, expect.any(String)])
      isWhole(join(folder.path, 'models', TINY), tinyModel())
      expect(existsSync(join(folder.path, 'models', `${TINY}.partial`))).toBe(false)
    } finally {
      await node.stop()
    }
  })
})
