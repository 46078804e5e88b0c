import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetaInstanceId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { FakeHub, GOOD_TOKEN } from '../harness/fake-hub'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyAdapter, addTinyModel, TINY, tinyAdapter, tinyModel } from '../harness/models'
import { muster } from '../harness/muster'

const WEIGHTS = 'model.safetensors'
/** As its path at the CDN ends: that of its index begins alike. */
const WEIGHTS_THERE = `${WEIGHTS}?`
const SLOW = 200_000

const wordIn = (state: State, id: MetaInstanceId): string | undefined => {
  const metaInstance = state.metaInstances[id]
  return metaInstance && statusOf(state, metaInstance).word
}

interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
}

describe('a model that is on no disk', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  let node: HeadlessNode
  let control: Control

  const start = async (...args: string[]): Promise<void> => {
    node = await startHeadless({ dataDir: folder.path, args, env: { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' } })
    control = new Control(node.url)
  }
  const downloadOf = ({ downloads }: State): Download | undefined => downloads[node.nodeId]?.[TINY]
  const ready = (id: MetaInstanceId) => control.until('READY', (state) => wordIn(state, id) === 'READY')
  const post = async (path: string, json?: unknown): Promise<{ status: number; body: Refusal }> => {
    const response = await control.request(path, { method: 'POST', ...(json !== undefined && { json }) })
    return { status: response.status, body: (await response.json()) as Refusal }
  }

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
  })
  afterEach(async () => {
    await node.stop()
    await hub.close()
    folder.dispose()
  })

  it('is declared by its name, fetched from the hub with numbers to be seen, and answers', async () => {
    hub.add(TINY, { folder: tinyModel(), files: { 'README.md': 'no', 'train.py': 'no', 'pytorch_model.bin': 'no' } })
    hub.limit(SLOW)
    await start()
    const { metaInstanceId: id } = await control.declare(TINY)
    const during = await control.until('a part of it', (state) => {
      const download = downloadOf(state)
      return download?.status === 'Ongoing' && download.downloadedBytes > 0 && wordIn(state, id) === 'DOWNLOADING'
    })
    const { downloadedBytes = 0, totalBytes = 0 } = downloadOf(during) ?? {}
    expect(downloadedBytes).toBeLessThanOrEqual(totalBytes)
    hub.limit(Infinity)
    const after = await ready(id)
    expect(downloadOf(after)?.status).toBe('Complete')
    const answer = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: TINY, messages: [{ role: 'user', content: 'hello' }], max_tokens: 8, temperature: 0 },
    })
    expect(answer.status).toBe(200)
    for (const name of ['README.md', 'train.py', 'pytorch_model.bin']) {
      expect(hub.sentOf(name)).toBe(0)
      expect(existsSync(join(folder.path, 'models', TINY, name))).toBe(false)
    }
  })

  it('goes on where the connection was cut, and where the node was killed: nothing is asked for twice', async () => {
    hub.add(TINY, { folder: tinyModel() })
    hub.cutNext(WEIGHTS_THERE, { afterBytes: 100_000 })
    hub.limit(SLOW)
    await start()
    const { metaInstanceId: id } = await control.declare(TINY)
    const second = await hub.asked(({ server, range }) => server === 'cdn' && range !== undefined)
    expect(Number(/\d+/.exec(second.range ?? '')?.[0])).toBeGreaterThan(0)
    await control.until('more of it', (state) => (downloadOf(state)?.downloadedBytes ?? 0) > 250_000)
    await node.kill()
    const before = hub.requests.length
    hub.limit(Infinity)
    await start()
    await ready(id)
    const [third] = hub.requests.slice(before).filter(({ server }) => server === 'cdn')
    expect(Number(/\d+/.exec(third?.range ?? '')?.[0])).toBeGreaterThan(200_000)
    // What was on its way when it was killed may come again, and no more than that.
    const whole = hub.requests.find(({ path, range }) => path.includes(WEIGHTS_THERE) && range === undefined)
    expect(whole).toBeDefined()
    expect(hub.sentOf(WEIGHTS)).toBeLessThan(1.3 * 740_000)
  })

  it('stands still when a person pauses it, through a restart, and goes on when a person says so', async () => {
    hub.add(TINY, { folder: tinyModel() })
    hub.limit(SLOW)
    await start()
    const change = (paused: boolean) =>
      control.request(`/models/${TINY}/download`, { method: 'PATCH', json: { paused } })
    expect((await change(true)).status).toBe(404)
    expect((await post(`/models/${TINY}/download`)).status).toBe(202)
    await control.until('a part of it', (state) => (downloadOf(state)?.downloadedBytes ?? 0) > 100_000)
    expect((await change(true)).status).toBe(200)
    await control.until('paused', (state) => downloadOf(state)?.paused === true)
    await node.kill()
    const before = hub.requests.length
    hub.limit(Infinity)
    await start()
    const paused = await control.until('paused after a restart', (state) => downloadOf(state)?.paused === true)
    expect(downloadOf(paused)).toMatchObject({ status: 'Pending', downloadedBytes: expect.any(Number) as number })
    expect(hub.requests.length).toBe(before)
    expect((await change(false)).status).toBe(200)
    await control.until('all of it', (state) => downloadOf(state)?.status === 'Complete')
    const [again] = hub.requests.slice(before).filter(({ server }) => server === 'cdn')
    expect(again?.range).toMatch(/^bytes=[1-9]/)
  })

  it('is listed with its bytes while nothing uses it, and deleted with all others of its kind at once', async () => {
    hub.add(TINY, { folder: tinyModel() })
    await start()
    const { metaInstanceId: id } = await control.declare(TINY)
    await ready(id)
    const unused = async () => (await control.request('/models/unused')).json()
    expect(await unused()).toEqual({ models: [], bytes: 0 })
    await control.request(`/meta_instance/${id}`, { method: 'DELETE' })
    await control.until('no instance', ({ instances }) => Object.keys(instances).length === 0)
    const copy = { modelId: TINY, nodeId: node.nodeId, bytes: expect.any(Number) as number }
    expect(await unused()).toEqual({ models: [copy], bytes: expect.any(Number) as number })
    const removed = await (await control.request('/models/unused', { method: 'DELETE' })).json()
    expect(removed).toMatchObject({ removed: [copy], failed: [] })
    expect(existsSync(join(folder.path, 'models', TINY))).toBe(false)
    await control.until('nothing of it', (state) => downloadOf(state) === undefined)
  })

  it('is fetched again where it arrived damaged', async () => {
    hub.add(TINY, { folder: tinyModel() })
    hub.damageNext(WEIGHTS_THERE)
    await start()
    const { metaInstanceId: id } = await control.declare(TINY)
    const state = await control.until('the reason', (next) => downloadOf(next)?.status === 'Failed')
    expect(downloadOf(state)?.error).toMatch(/model\.safetensors arrived damaged/)
    await ready(id)
  })

  it('is refused where the hub does not have it, where it is offline, and where it could not be run', async () => {
    hub.add('who/gguf', { files: { 'model.gguf': 'x', 'config.json': '{"model_type":"llama"}' } })
    hub.add('who/diffusion', {
      files: { 'model.safetensors': 'x', 'config.json': '{"model_type":"flux","num_layers":2,"hidden_size":8}' },
    })
    hub.add('who/gated', { folder: tinyModel(), gated: true })
    await start()
    const missing = await post('/meta_instance', { modelId: 'nobody/nothing' })
    expect(missing).toMatchObject({ status: 400, body: { error: { code: 'unknown_model' } } })
    expect(missing.body.error.message).toContain('There is no model nobody/nothing on 127.0.0.1')
    expect(missing.body.error.hint).toContain('Is the name right?')
    const gguf = await post('/meta_instance', { modelId: 'who/gguf' })
    expect(gguf).toMatchObject({ status: 400, body: { error: { code: 'hub_unsupported' } } })
    expect(gguf.body.error.message).toBe('who/gguf cannot be run: it has no safetensors weights, only GGUF')
    const flux = await post('/meta_instance', { modelId: 'who/diffusion' })
    expect(flux.body.error.message).toContain('who/diffusion cannot be run: config.json')
    const gated = await post('/meta_instance', { modelId: 'who/gated' })
    expect(gated).toMatchObject({ status: 400, body: { error: { code: 'hub_gated' } } })
    expect(gated.body.error.hint).toContain(`${hub.url}/who/gated`)
    expect(gated.body.error.hint).toContain('muster hub login')

    await node.stop()
    const asked = hub.requests.length
    await start('--offline')
    const offline = await post('/meta_instance', { modelId: TINY })
    expect(offline).toMatchObject({ status: 400, body: { error: { code: 'unknown_model' } } })
    expect(offline.body.error.message).toContain('told to ask no model hub (--offline')
    expect((await control.request('/models/search?q=tiny')).status).toBe(409)
    expect((await post(`/models/${TINY}/download`)).status).toBe(409)
    expect(hub.requests.length).toBe(asked)
  })

  it('that is gated is fetched with a token saved by the command line, and by no answer can the token be read', async () => {
    hub.add('who/gated', { folder: tinyModel(), gated: true })
    await start()
    const refused = await muster({ url: node.url }, 'pull', 'who/gated')
    expect(refused).toMatchObject({ err: expect.stringContaining(`${hub.url}/who/gated`) as string, code: 1 })
    expect((await muster({ url: node.url, input: '' }, 'hub', 'login')).code).toBe(2)
    const saved = await muster({ url: node.url, input: `${GOOD_TOKEN}\n` }, 'hub', 'login')
    expect(saved).toMatchObject({ err: '', code: 0 })
    const settings = await (await control.request('/node/settings')).text()
    expect(settings).toContain('"hubTokenSaved":true')
    expect(settings).not.toContain(GOOD_TOKEN)
    expect(await muster({ url: node.url }, 'pull', 'who/gated')).toMatchObject({ code: 0 })
    expect((await muster({ url: node.url }, 'hub', 'logout')).code).toBe(0)
    expect(await (await control.request('/node/settings')).text()).toContain('"hubTokenSaved":false')
  })

  it('can be searched, fetched without being declared, given up and deleted; ids with a plain or an encoded slash', async () => {
    hub.add(TINY, { folder: tinyModel() })
    hub.add('who/tiny-torch', { files: { 'pytorch_model.bin': 'x' }, tags: ['pytorch'] })
    hub.limit(SLOW)
    await start()
    const found = (await (await control.request('/models/search?q=TINY')).json()) as { models: object[] }
    expect(found.models).toMatchObject([{ modelId: TINY, gated: false, sizeBytes: expect.any(Number) as number }])

    expect((await post(`/models/${encodeURIComponent(TINY)}/download`)).status).toBe(202)
    await control.until('it has begun', (state) => (downloadOf(state)?.downloadedBytes ?? 0) > 0)
    expect((await control.request(`/models/${TINY}/download`, { method: 'DELETE' })).status).toBe(200)
    await control.until('nothing of it', (state) => downloadOf(state) === undefined)
    expect(existsSync(join(folder.path, 'models', `${TINY}.partial`))).toBe(false)

    // What a person asked for is brought here also when the node ends in the middle of it.
    expect((await post(`/models/${TINY}/download`, {})).status).toBe(202)
    await control.until('it has begun again', (state) => (downloadOf(state)?.downloadedBytes ?? 0) > 0)
    await node.kill()
    hub.limit(Infinity)
    await start()
    await control.until('it is here', (state) => downloadOf(state)?.status === 'Complete')
    expect((await control.request(`/models/${TINY}/download`, { method: 'DELETE' })).status).toBe(200)
    await control.until('it is gone', (state) => downloadOf(state) === undefined)
    expect(existsSync(join(folder.path, 'models', TINY))).toBe(false)
    expect((await control.request(`/models/${TINY}/download`, { method: 'DELETE' })).status).toBe(404)
    expect((await post('/models/nobody/nothing/download')).status).toBe(404)
  })

  it('may be a LoRA adapter: it is fetched for the declaration that names it, and applied when the model is loaded', async () => {
    const ADAPTER = 'who/tiny-adapter'
    const answer = async (model: string): Promise<string> => {
      const json = { model, messages: [{ role: 'user', content: 'hello' }], max_tokens: 40, temperature: 0 }
      const response = await control.request('/v1/chat/completions', { method: 'POST', json })
      const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
      return choices[0]?.message.content ?? ''
    }
    hub.add(ADAPTER, { folder: tinyAdapter(), files: { 'README.md': 'no', '0000100_adapters.safetensors': 'no' } })
    addTinyModel(folder.path)
    await start()
    const { metaInstanceId: id } = await control.declare(TINY, { adapterId: ADAPTER })
    const { metaInstanceId: plain } = await control.declare(TINY)
    const state = await ready(id)
    await ready(plain)
    expect(state.downloads[node.nodeId]?.[ADAPTER]?.status).toBe('Complete')
    expect(hub.sentOf('README.md') + hub.sentOf('0000100_adapters.safetensors')).toBe(0)
    const fetched = await answer(ADAPTER)
    expect(fetched).not.toBe('')
    expect(fetched).not.toBe(await answer(TINY))

    // The same files put there by hand answer the same.
    for (const one of [id, plain]) await control.request(`/meta_instance/${one}`, { method: 'DELETE' })
    await control.until('it is in use no more', ({ instances }) => Object.keys(instances).length === 0)
    addTinyAdapter(folder.path, 'who/other')
    await ready((await control.declare(TINY, { adapterId: 'who/other' })).metaInstanceId)
    expect(await answer('who/other')).toBe(fetched)
  })

  it('is not deleted while it is in use', async () => {
    addTinyModel(folder.path)
    await start()
    const { metaInstanceId: id } = await control.declare(TINY)
    await ready(id)
    expect((await control.request(`/models/${TINY}/download`, { method: 'DELETE' })).status).toBe(409)
    expect(hub.requests).toEqual([])
  })
})
