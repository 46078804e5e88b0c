import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ModelId } from '@core/ids'
import { Envelope } from '@core/events/event'
import { MetaInstanceView, PreviewResponse } from '@core/protocols/control'
import { Instance } from '@core/state/instances'
import { statusOf } from '@core/state/status'
import { ListedModel, ListedModels } from '@main/api/openai/models'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

describe('the control API', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  })
  afterEach(async () => {
    await node.stop()
    folder.dispose()
  })

  const ask = async <T>(schema: z.ZodType<T>, path: string, init: Parameters<Control['request']>[1] = {}): Promise<T> =>
    schema.parse(await (await control.request(path, init)).json())
  const change = (id: string, json: object): Promise<MetaInstanceView> =>
    ask(MetaInstanceView, `/meta_instance/${id}`, { method: 'PATCH', json })
  const ready = (id: MetaInstanceView['metaInstanceId']) =>
    control.until('READY', (state) => {
      const declared = state.metaInstances[id]
      return declared !== undefined && statusOf(state, declared).word === 'READY'
    })

  it('carries out once what is asked for again with the same Idempotency-Key, also after a restart of the node', async () => {
    const asked = (method: string, path: string, key: string, body?: object) =>
      fetch(`${node.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        ...(body && { body: JSON.stringify(body) }),
      })
    const made = { modelId: TINY, paused: true }
    const [first, second] = await Promise.all([1, 2].map(() => asked('POST', '/meta_instance', 'a', made)))
    expect(first?.headers.get('x-muster-durable-on')).toBe('1 of 1')
    const [one, two] = [MetaInstanceView.parse(await first?.json()), MetaInstanceView.parse(await second?.json())]
    expect(two.metaInstanceId).toBe(one.metaInstanceId)
    const other = MetaInstanceView.parse(await (await asked('POST', '/meta_instance', 'b', made)).json())
    expect(other.metaInstanceId).not.toBe(one.metaInstanceId)
    const path = `/meta_instance/${one.metaInstanceId}`
    expect((await asked('DELETE', path, 'c')).status).toBe(200)
    await node.stop()
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    expect((await asked('DELETE', path, 'c')).status).toBe(200)
    expect((await asked('DELETE', path, 'd')).status).toBe(404)
    expect(Object.keys((await control.state()).metaInstances)).toEqual([other.metaInstanceId])
    expect((await asked('POST', '/api_keys', 'e', { name: 'once' })).status).toBe(400)
    expect((await asked('DELETE', path, 'no spaces')).status).toBe(400)
  })

  it('takes camelCase and snake_case alike, and gives a declaration with its status back', async () => {
    const json = { model_id: TINY, placement_preference: 'smallest', max_context: 512, name: 'small' }
    const declared = await ask(MetaInstanceView, '/meta_instance', { method: 'POST', json })
    expect(declared).toMatchObject({ modelId: TINY, placementPreference: 'smallest', maxContext: 512, name: 'small' })
    expect(await control.metaInstance(declared.metaInstanceId)).toMatchObject({ name: 'small', generation: 0 })
    const all = await ask(z.object({ metaInstances: z.array(MetaInstanceView) }), '/meta_instances')
    expect(all.metaInstances.map(({ metaInstanceId }) => metaInstanceId)).toEqual([declared.metaInstanceId])
  })

  const post = async (path: string, json: object) => {
    const answer = await control.request(path, { method: 'POST', json })
    return { status: answer.status, text: await answer.text() }
  }
  const declare = async (json: object) => MetaInstanceView.parse(JSON.parse((await post('/meta_instance', json)).text))
  const containing = (text: string) => expect.stringContaining(text) as string

  it('takes both spellings within a field too, on every route, and refuses an unknown name there', async () => {
    const declared = { modelId: TINY, paused: true }
    const hours = [{ from: '09:00', to: '10:00', time_zone: 'UTC' }]
    const spelt = await declare({ ...declared, name: 'spelt', hours, labels: { my_team: 'a' } })
    expect(spelt).toMatchObject({ hours: [{ timeZone: 'UTC' }], labels: { my_team: 'a' } })
    await control.request(`/meta_instance/${spelt.metaInstanceId}`, { method: 'DELETE' })
    const temporary = await declare({ ...declared, on_request: { idle_seconds: 5 } })
    expect(temporary.onRequest).toEqual({ idleSeconds: 5 })
    const documents = [{ name: 'written', model_id: TINY, hours }]
    const applied = await post('/meta_instances/apply', { documents, dry_run: true })
    expect(applied).toEqual({ status: 200, text: containing('"create"') })
    expect((await post('/cluster/invite', { valid_for_ms: 5000 })).status).toBe(201)
    expect((await post('/cluster/join', { node_id: 'f'.repeat(64) })).status).toBe(202)
    const misspelt = await post('/meta_instance', { ...declared, onRequest: { idle: 5 } })
    expect(misspelt).toEqual({ status: 400, text: containing('idle') })
  })

  it('refuses what cannot be placed where it is asked to, and takes no other word for yes', async () => {
    const wanted = { modelId: TINY, minNodes: 2 }
    for (const yes of ['true', '1'])
      expect(await post(`/meta_instance?validate=${yes}`, wanted)).toEqual({
        status: 400,
        text: containing('machines'),
      })
    expect(await post('/meta_instance?validate=perhaps', wanted)).toEqual({ status: 400, text: containing('validate') })
  })

  it('pauses and resumes: no instance while paused, one again afterwards', async () => {
    const { metaInstanceId } = await control.declare(TINY)
    await ready(metaInstanceId)
    expect((await change(metaInstanceId, { paused: true })).status).toBe('PAUSED')
    const paused = await control.until('no runner', (state) => Object.keys(state.runners).length === 0)
    expect(paused.instances).toEqual({})
    const answer = await control.request('/v1/chat/completions', {
      method: 'POST',
      json: { model: TINY, messages: [{ role: 'user', content: 'hi' }] },
    })
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('paused')])
    await change(metaInstanceId, { paused: false })
    await ready(metaInstanceId)
  })

  it('serves a declaration by its name, and clears the name with null', async () => {
    const { metaInstanceId } = await control.declare(TINY, { name: 'helper' })
    await ready(metaInstanceId)
    const chat = (model: string): Promise<Response> =>
      control.request('/v1/chat/completions', {
        method: 'POST',
        json: { model, max_tokens: 2, messages: [{ role: 'user', content: 'hi' }] },
      })
    expect((await chat('helper')).status).toBe(200)
    expect((await change(metaInstanceId, { name: null })).name).toBeUndefined()
    expect((await chat('helper')).status).toBe(404)
  })

  it('gives no declaration the id of a model as its name, also where nobody has declared that model', async () => {
    const named = (name: string) => control.request('/meta_instance', { method: 'POST', json: { modelId: TINY, name } })
    const refused = await named(TINY.toUpperCase())
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining(TINY)])
    const { metaInstanceId } = await control.declare(TINY, { name: 'helper' })
    const changed = await control.request(`/meta_instance/${metaInstanceId}`, { method: 'PATCH', json: { name: TINY } })
    expect(changed.status).toBe(409)
    const list = await ask(ListedModels, '/v1/models')
    expect(list.data.map(({ id, muster }) => [id, muster.kind, muster.modelId])).toEqual([
      [TINY, 'model', TINY],
      ['helper', 'name', TINY],
    ])
    expect(list.data[0]?.muster.contextLength).toBeGreaterThan(0)
    await ready(metaInstanceId)
    expect((await ask(ListedModel, '/v1/models/helper')).muster).toMatchObject({ state: 'READY', modelId: TINY })
    // As clients join a base URL and a route.
    for (const path of ['/v1//models/helper', '//v1/models/helper/'])
      expect((await ask(ListedModel, path)).muster).toMatchObject({ state: 'READY' })
  })

  it('restarts into a new instance and counts no failure', async () => {
    const { metaInstanceId } = await control.declare(TINY)
    const before = Object.keys((await ready(metaInstanceId)).instances)
    await ask(MetaInstanceView, `/meta_instance/${metaInstanceId}/restart`, { method: 'POST' })
    const after = await ready(metaInstanceId)
    expect(Object.keys(after.instances)).not.toEqual(before)
    expect(after.metaInstances[metaInstanceId]).toMatchObject({ consecutiveFailures: 0, replacements: 0 })
  })

  it('tells the history of a declaration, newest first, also after a restart of the node', async () => {
    const { metaInstanceId } = await control.declare(TINY)
    await ready(metaInstanceId)
    const history = async () => {
      const { events } = await ask(z.object({ events: z.array(Envelope) }), `/meta_instance/${metaInstanceId}/history`)
      return events.map(({ event }) => event.type)
    }
    expect(await history()).toEqual(['InstanceCreated', 'MetaInstanceCreated'])
    await node.kill()
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    expect((await history()).slice(-2)).toEqual(['InstanceCreated', 'MetaInstanceCreated'])
  })

  it('previews what a declaration would get, and that is what it gets', async () => {
    const { previews } = await ask(PreviewResponse, `/instance/previews?modelId=${encodeURIComponent(TINY)}`)
    const possible = previews.flatMap((preview) => ('error' in preview ? [] : [preview]))
    const [first] = possible
    expect(first?.memoryDeltaByNode[node.nodeId]).toBeGreaterThan(0)
    const { metaInstanceId } = await control.declare(TINY, { nodeIds: first?.nodeIds })
    const { instance } = await ask(z.object({ instance: Instance }), `/meta_instance/${metaInstanceId}/placement`)
    expect(instance.shards.map(({ nodeId }) => nodeId)).toEqual(first?.nodeIds)
  })

  it('shows beside a prediction what the placement gave, also after a restart', async () => {
    const { metaInstanceId } = await control.declare(TINY)
    await ready(metaInstanceId)
    const answer = await control.request('/v1/chat/completions', {
      method: 'POST',
      // Greedily, for a drawn answer may be too short to measure anything by.
      json: { model: TINY, messages: [{ role: 'user', content: 'hello' }], max_tokens: 64, temperature: 0 },
    })
    expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 64 } })
    const measured = async () => {
      const { previews } = await ask(PreviewResponse, `/instance/previews?modelId=${encodeURIComponent(TINY)}`)
      return previews.flatMap((preview) => ('error' in preview ? [] : (preview.measured ?? [])))
    }
    // It is told a moment after the answer.
    await control.until('the speed is told', ({ nodes }) => nodes[node.nodeId]?.speeds?.length === 1)
    const before = await measured()
    expect(before).toHaveLength(1)
    expect(before[0]?.tokensPerSecond).toBeGreaterThan(0)
    await node.stop()
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    expect(await measured()).toEqual(before)
  })

  it('refuses what RDMA can never join, whether it is declared or changed, and declares nothing', async () => {
    const refusal = { error: { code: 'too_many_for_rdma', message: expect.stringContaining('8') } }
    const json = { modelId: TINY, instanceMeta: 'MlxJaccl', minNodes: 9 }
    const declared = await control.request('/meta_instance', { method: 'POST', json })
    expect([declared.status, await declared.json()]).toMatchObject([400, refusal])
    expect((await control.state()).metaInstances).toEqual({})
    const { metaInstanceId } = await control.declare(TINY, { minNodes: 9, paused: true })
    const change = { method: 'PATCH', json: { instanceMeta: 'MlxJaccl' } }
    const changed = await control.request(`/meta_instance/${metaInstanceId}`, change)
    expect([changed.status, await changed.json()]).toMatchObject([400, refusal])
    expect(await control.metaInstance(metaInstanceId)).toMatchObject({ instanceMeta: 'MlxRing', generation: 0 })
  })

  it('places one instance that nothing keeps', async () => {
    const placed = await ask(Instance, '/place_instance', { method: 'POST', json: { modelId: TINY } })
    const awaited = await ask(Instance, `/instance/await?modelId=${encodeURIComponent(TINY)}`)
    expect(awaited.instanceId).toBe(placed.instanceId)
    expect((await control.request(`/instance/${placed.instanceId}`, { method: 'DELETE' })).status).toBe(200)
    await control.until(
      'nothing left',
      ({ instances, runners }) => Object.keys({ ...instances, ...runners }).length === 0,
    )
    expect((await control.request(`/instance/await?modelId=${encodeURIComponent(TINY)}`)).status).toBe(404)
  })

  it('deletes a declaration once, with all it had', async () => {
    const { metaInstanceId } = await control.declare(TINY)
    await ready(metaInstanceId)
    const path = `/meta_instance/${metaInstanceId}`
    expect((await control.request(path, { method: 'DELETE' })).status).toBe(200)
    expect((await control.request(path, { method: 'DELETE' })).status).toBe(404)
    await control.until(
      'nothing left',
      ({ metaInstances, instances, runners }) =>
        Object.keys({ ...metaInstances, ...instances, ...runners }).length === 0,
    )
  })

  it('shows a new API key once and never its hash', async () => {
    const Created = z.object({ apiKeyId: z.string(), key: z.string() })
    const { apiKeyId, key } = await ask(Created, '/api_keys', { method: 'POST', json: { name: 'laptop' } })
    const places = await Promise.all(['/api_keys', '/state'].map(async (path) => (await control.request(path)).text()))
    for (const text of places) {
      expect(text).toContain(apiKeyId)
      expect(text).not.toContain(key)
      expect(text).not.toContain(createHash('sha256').update(key).digest('hex'))
    }
    expect((await control.request(`/api_keys/${apiKeyId}`, { method: 'DELETE' })).status).toBe(200)
    expect(await (await control.request('/api_keys')).json()).toEqual({ apiKeys: [] })
  })

  it('lists the models with where they lie', async () => {
    const { models } = await ask(
      z.object({ models: z.array(z.object({ modelId: ModelId, source: z.string(), path: z.string() })) }),
      '/models',
    )
    expect(models).toMatchObject([
      { modelId: TINY, source: 'muster', path: expect.stringContaining(folder.path) as string },
    ])
  })
})
