import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kvCacheBytes } from '@core/placement/memory'
import { NodeSettingsView } from '@core/protocols/node-settings'
import { ModelsResponse } from '@core/protocols/models'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel } from '../harness/models'

const MESSAGES = [{ role: 'user' as const, content: 'hi' }]
const MODELS = { openai: 'muster/one', anthropic: 'muster/two', ollama: 'muster/three' } as const

const declarationOf = ({ metaInstances }: State, model: string): MetaInstance | undefined =>
  Object.values(metaInstances).find(({ modelId }) => modelId === model)

/** A context that can take any machine's memory. */
const withEndlessContext = (model: string): void => {
  const path = join(model, 'config.json')
  const config = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...config, max_position_embeddings: 10 ** 12 }))
}

const isServed = (state: State, id: string): boolean => {
  const declared = state.metaInstances[id]
  return declared !== undefined && statusOf(state, declared).status === 'READY'
}

describe('a model on disk that nobody has declared', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control
  let ollama: Ollama
  let openai: OpenAI

  const isGone = (model: string) => control.until(`the end of ${model}`, (state) => !declarationOf(state, model))
  const known = async (model: string) => declarationOf(await control.state(), model)
  const change = (id: string, json: object) => control.request(`/meta_instance/${id}`, { method: 'PATCH', json })
  const complete = (model: string, more: object = {}) =>
    openai.chat.completions.create({ model, messages: MESSAGES, max_completion_tokens: 2, temperature: 0, ...more })
  const listed = async () => {
    const { data } = (await (await control.request('/v1/models')).json()) as {
      data: { id: string; muster: { state: string } }[]
    }
    return Object.fromEntries(data.map(({ id, muster }) => [id, muster.state]))
  }
  const post = (path: string, json: object) => control.request(path, { method: 'POST', json })

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    for (const model of Object.values(MODELS)) withEndlessContext(addTinyModel(folder.path, model))
    node = await startHeadless({ dataDir: folder.path, args: ['--ollama-port', '0'] })
    control = new Control(node.url)
    ollama = new Ollama({ host: node.ollamaUrl ?? '' })
    openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('is listed once in every dialect, as one that can be asked for', async () => {
    const names = Object.values(MODELS).sort()
    expect(await listed()).toEqual(Object.fromEntries(names.map((name) => [name, 'ON_DISK'])))
    const anthropic = new Anthropic({ baseURL: node.url, apiKey: 'none' })
    expect((await anthropic.models.list()).data.map(({ id }) => id).sort()).toEqual(names)
    expect((await ollama.list()).models.map(({ name }) => name).sort()).toEqual(names)
    expect((await ollama.ps()).models).toEqual([])
    expect((await ollama.show({ model: MODELS.ollama })).capabilities).toContain('completion')
  })

  it('is loaded by OpenAI’s chat, once for all who ask at once, and answers', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => complete(MODELS.openai)))
    for (const { choices } of answers) expect(choices[0]?.finish_reason).toBe('length')
    // Its runner reports the end of the last answer a moment after the client has it.
    const { metaInstances } = await control.until('READY', (state) => {
      const declared = declarationOf(state, MODELS.openai)
      return declared !== undefined && isServed(state, declared.metaInstanceId)
    })
    expect(Object.values(metaInstances)).toMatchObject([{ modelId: MODELS.openai, onRequest: { idleSeconds: 300 } }])
    expect(await listed()).toMatchObject({ [MODELS.openai]: 'READY', [MODELS.ollama]: 'ON_DISK' })
  })

  it('is kept as long as LM Studio’s ttl says, and ends after that', async () => {
    expect((await complete(MODELS.openai, { ttl: 600 })).choices).toHaveLength(1)
    const state = await control.until('the longer time', (one) => {
      return declarationOf(one, MODELS.openai)?.onRequest?.idleSeconds === 600
    })
    expect(state.lastUsed).toHaveProperty(declarationOf(state, MODELS.openai)?.metaInstanceId ?? '')
    await complete(MODELS.openai, { ttl: 0 })
    await isGone(MODELS.openai)
    expect(Object.keys((await control.state()).instances)).toEqual([])
  })

  it('is loaded by Anthropic’s messages, streamed', async () => {
    const anthropic = new Anthropic({ baseURL: node.url, apiKey: 'none', maxRetries: 0 })
    const stream = anthropic.messages.stream({ model: MODELS.anthropic, max_tokens: 2, messages: MESSAGES })
    expect((await stream.finalMessage()).stop_reason).toBe('max_tokens')
    expect((await known(MODELS.anthropic))?.onRequest).toEqual({ idleSeconds: 300 })
  })

  it('is loaded, listed with its end, and unloaded by Ollama’s keep_alive', async () => {
    const loaded = await ollama.generate({ model: MODELS.ollama, prompt: '', keep_alive: '10m' })
    expect(loaded).toMatchObject({ done: true, done_reason: 'load' })
    expect((await known(MODELS.ollama))?.onRequest).toEqual({ idleSeconds: 600 })
    const expires = async () => {
      const one = (await ollama.ps()).models.find(({ name }) => name === MODELS.ollama)
      return new Date(one?.expires_at ?? 0).getTime()
    }
    const now = Date.now()
    expect(await expires()).toBeGreaterThan(now)
    expect(await expires()).toBeLessThan(now + 660_000)
    await ollama.chat({ model: MODELS.ollama, messages: MESSAGES, keep_alive: -1, options: { num_predict: 2 } })
    await control.until('no end', (state) => {
      const one = declarationOf(state, MODELS.ollama)
      return one?.onRequest !== undefined && one.onRequest.idleSeconds === undefined
    })
    expect(await expires()).toBeGreaterThan(now + 31_536_000_000)
    const unloaded = await ollama.chat({ model: MODELS.ollama, messages: [], keep_alive: 0 })
    expect(unloaded.done_reason).toBe('unload')
    expect(await known(MODELS.ollama)).toBeUndefined()
    await ollama.chat({ model: MODELS.ollama, messages: MESSAGES, keep_alive: 0, options: { num_predict: 2 } })
    await isGone(MODELS.ollama)
  })

  it('can be pinned and kept always on, whatever requests say then', async () => {
    const id = (await known(MODELS.anthropic))?.metaInstanceId ?? ''
    expect(await (await change(id, { pinned: true })).json()).toMatchObject({ pinned: true })
    const kept = (await (await change(id, { keep: true })).json()) as MetaInstance
    expect(kept).not.toHaveProperty('onRequest')
    expect(kept).not.toHaveProperty('pinned')
    expect((await change(id, { pinned: true })).status).toBe(400)
    await ollama.generate({ model: MODELS.anthropic, prompt: '', keep_alive: 0 })
    await ollama.chat({ model: MODELS.anthropic, messages: MESSAGES, keep_alive: 0, options: { num_predict: 2 } })
    const state = await control.state()
    expect(Object.values(state.metaInstances)).toMatchObject([{ metaInstanceId: id, modelId: MODELS.anthropic }])
  })

  it('gives way to what is declared, where there is no room for both', async () => {
    const { models } = ModelsResponse.parse(await (await control.request('/models')).json())
    const card = models.find(({ modelId }) => modelId === MODELS.openai)?.card
    const memory = (await control.state()).nodes[node.nodeId]?.memory
    if (!card || !memory) throw new Error('the machine tells neither its model nor its memory')
    // Room for one, not for two, however much of it other programs take or leave meanwhile.
    const maxContext = Math.floor((0.7 * memory.ramAvailable) / kvCacheBytes(card, { maxContext: 1 }))
    const asked = await control.declare(MODELS.openai, { maxContext, onRequest: { idleSeconds: 300 } })
    await complete(MODELS.openai)
    const declared = await control.declare(MODELS.ollama, { maxContext })
    const state = await control.until('the declared one', (one) => isServed(one, declared.metaInstanceId))
    expect(state.metaInstances).not.toHaveProperty(asked.metaInstanceId)
  })

  it('stays unknown where it is on no disk, or where the settings say so', async () => {
    expect((await post('/v1/chat/completions', { model: 'muster/four', messages: MESSAGES })).status).toBe(404)
    const set = (json: object) => control.request('/node/settings', { method: 'PATCH', json })
    const view = NodeSettingsView.parse(await (await set({ loadOnRequest: 'off' })).json())
    expect(view).toMatchObject({ settings: { loadOnRequest: 'off' }, loadsOnRequest: false, fixed: [] })
    expect((await post('/v1/chat/completions', { model: MODELS.openai, messages: MESSAGES })).status).toBe(404)
    expect(await listed()).not.toHaveProperty(MODELS.openai)
    expect((await set({ onRequestIdleSeconds: -1 })).status).toBe(400)
    const changed = NodeSettingsView.parse(await (await set({ diskCacheGigabytes: 0 })).json())
    expect(changed.settings.diskCacheGigabytes).toBe(0)
    expect((await set({ diskCacheGigabytes: 0.5 })).status).toBe(400)
    expect((await set({ port: 1 })).status).toBe(400)
  })
})

describe('a request for a model that no machine has room for', () => {
  it('is told why at once, and leaves no declaration behind', async () => {
    const folder = temporaryFolder()
    addTinyModel(folder.path, MODELS.openai)
    const node = await startHeadless({ dataDir: folder.path, args: ['--no-worker', '--on-request-idle', '900'] })
    try {
      const control = new Control(node.url)
      const asked = await control.request('/v1/chat/completions', {
        method: 'POST',
        json: { model: MODELS.openai, messages: MESSAGES },
      })
      expect([asked.status, await asked.text()]).toEqual([503, expect.stringContaining('no machine is ready')])
      await control.until('no declaration', ({ metaInstances }) => Object.keys(metaInstances).length === 0)
      const view = NodeSettingsView.parse(await (await control.request('/node/settings')).json())
      expect(view).toMatchObject({ settings: { onRequestIdleSeconds: 900 }, fixed: ['onRequestIdleSeconds'] })
      const held = await control.request('/node/settings', { method: 'PATCH', json: { onRequestIdleSeconds: 1 } })
      expect(held.status).toBe(409)
    } finally {
      await node.stop()
      folder.dispose()
    }
  })
})
