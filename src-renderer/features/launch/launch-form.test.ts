import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { previews } from '@core/placement/previews'
import { PlacementPreference } from '@core/state/meta-instances'
import { eventually } from '@core/testing/eventually'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import { FakeApi, json, type Asked } from '../../testing/fake-api'
import { LaunchForm } from './launch-form.svelte'

const cluster = (free = 48 * GB) => {
  const world = new World()
  world.addNode('Mac Studio', { free, bandwidth: 800e9 })
  const created = world.declare('known', { name: 'chat', maxContext: 4096, minNodes: 2 })
  const api = new FakeApi(({ path, method }: Asked) => {
    if (path.startsWith('/instance/previews')) {
      const query = new URLSearchParams(path.split('?')[1])
      const preference = PlacementPreference.optional().parse(query.get('placementPreference') ?? undefined)
      const nodeIds = query
        .get('nodeIds')
        ?.split(',')
        .map((id) => NodeId.parse(id))
      return json({ previews: previews(world.state, smallCard, { placementPreference: preference, nodeIds }) })
    }
    if (method === 'POST') return json({ ...world.metaInstance(created), status: 'PLACING', statusDetail: '' }, 201)
    return json({})
  })
  return { world, api, metaInstance: world.metaInstance(created) }
}

const declaring = { kind: 'declare', modelId: SMALL } as const

describe('the launch form', () => {
  it('shows the result before a launch', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    expect(form.previews).toBeUndefined()
    await form.preview()
    expect(form.expected).toMatchObject({
      nodeIds: ['Mac Studio'],
      memoryDeltaByNode: { 'Mac Studio': 4 * GB },
      predicted: { tokensPerSecond: expect.closeTo(144.5, 1) as unknown },
    })
    expect(api.asked.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('says why the model cannot be placed now', async () => {
    const { api } = cluster(GB)
    const form = new LaunchForm(api, declaring)
    await form.preview()
    expect(form.possible).toEqual([])
    expect(form.refusal?.error.reason).toBe('Mac Studio has 1 GB free, the model needs 4 GB')
  })

  it('asks for what becomes of a model that a request has loaded, as that is made permanent', async () => {
    const { api, metaInstance } = cluster()
    const form = new LaunchForm(api, declaring, () => metaInstance)
    await form.preview()
    expect(api.asked.map(({ path }) => path)).toEqual([
      `/instance/previews?modelId=${encodeURIComponent(SMALL)}&replacing=${metaInstance.metaInstanceId}`,
    ])
  })

  it('forgets with the model what was chosen for it, and shows no placement of the model before', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    form.draft = 'm/draft'
    form.adapter = 'm/adapter'
    await form.preview()
    form.choose('m/other')
    expect(form).toMatchObject({ previews: undefined, expected: undefined, draft: '', adapter: '' })
  })

  it('leaves the choice to Muster among all machines again, after it was limited to some', async () => {
    const { api, world } = cluster()
    world.addNode('MacBook', { free: 48 * GB, bandwidth: 100e9 })
    const form = new LaunchForm(api, declaring)
    form.allow(NodeId.parse('MacBook'), true)
    await eventually(() => expect(form.expected?.nodeIds).toEqual(['MacBook']))
    form.leaveToMuster()
    await eventually(() => expect(form.expected?.nodeIds).toEqual(['Mac Studio']))
  })

  it('sends nothing that was not chosen', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    expect(await form.submit()).toBe('known')
    expect(api.asked.at(-1)).toEqual({
      path: '/meta_instance',
      method: 'POST',
      json: { modelId: SMALL, sharding: 'Pipeline' },
    })
  })

  it('sends exactly the machines that were picked', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    await form.preview()
    form.nodeIds = form.possible[0]?.nodeIds
    form.name = '  chat '
    form.minNodes = 2
    form.maxContext = 4096
    form.preference = 'smallest'
    form.draft = 'm/draft'
    await form.submit()
    expect(api.asked.at(-1)?.json).toEqual({
      modelId: SMALL,
      name: 'chat',
      sharding: 'Pipeline',
      placementPreference: 'smallest',
      minNodes: 2,
      maxContext: 4096,
      draftModelId: 'm/draft',
      nodeIds: ['Mac Studio'],
    })
  })

  it('expects the placement that the preference selects', async () => {
    const { api, world } = cluster()
    const [first] = Object.values(world.state.nodes)
    const second = world.addNode('Mac mini', { bandwidth: 100e9 })
    if (first) {
      const edge = { from: first.nodeId, to: second, ip: '10.0.0.2', port: 1, interfaceType: 'thunderbolt' } as const
      const back = { ...edge, from: second, to: first.nodeId, ip: '10.0.0.1' }
      world.apply({ type: 'TopologyEdgeCreated', edge }, { type: 'TopologyEdgeCreated', edge: back })
    }
    const form = new LaunchForm(api, declaring)
    await form.preview()
    expect(form.expected?.nodeIds).toEqual(['Mac Studio'])
    form.preference = 'largest'
    await form.preview()
    expect(form.expected?.nodeIds).toHaveLength(2)
  })

  it('limits the placement to the ticked machines, and sends exactly these', async () => {
    const { api, world } = cluster()
    const mini = world.addNode('Mac mini', { bandwidth: 100e9 })
    const form = new LaunchForm(api, declaring)
    form.allow(mini, true)
    await form.preview()
    expect(form.expected?.nodeIds).toEqual(['Mac mini'])
    await form.submit()
    expect(api.asked.at(-1)?.json).toMatchObject({ nodeIds: ['Mac mini'] })
    form.allow(mini, false)
    await form.preview()
    expect(form.nodeIds).toBeUndefined()
  })

  it('leaves the choice of machines to Muster again when another model is chosen', () => {
    const { api } = cluster()
    const form = new LaunchForm(api, { ...declaring, nodeId: NodeId.parse('Mac Studio') })
    expect(form.isPicked(['Mac Studio'])).toBe(true)
    form.choose('other/model')
    expect(form.nodeIds).toBeUndefined()
  })

  it('ignores an answer to an outdated question', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    const first = form.preview()
    form.modelId = 'other/model'
    await first
    expect(form.previews).toBeUndefined()
  })

  it('keeps the input when the node refuses, and shows the reason', async () => {
    const { api } = cluster()
    const form = new LaunchForm(api, declaring)
    form.name = 'chat'
    api.next(() => json({ error: { code: 'conflict', message: 'The name "chat" is taken' } }, 409))
    expect(await form.submit()).toBeUndefined()
    expect(form).toMatchObject({ name: 'chat', busy: false, problem: { code: 'conflict' } })
  })

  describe('for changes', () => {
    it('starts with the declared values, and sends only the differences', async () => {
      const { api, metaInstance } = cluster()
      const form = new LaunchForm(api, { kind: 'change', metaInstance })
      expect(form).toMatchObject({ modelId: SMALL, name: 'chat', maxContext: 4096, minNodes: 2 })
      form.sharding = 'Tensor'
      await form.submit()
      expect(api.asked).toEqual([{ path: '/meta_instance/known', method: 'PATCH', json: { sharding: 'Tensor' } }])
    })

    it('clears fields that were emptied', async () => {
      const { api, metaInstance } = cluster()
      const form = new LaunchForm(api, { kind: 'change', metaInstance })
      form.name = ' '
      form.maxContext = undefined
      form.minNodes = undefined
      await form.submit()
      expect(api.asked.at(-1)?.json).toEqual({ name: null, maxContext: null, minNodes: null })
    })

    it('sends nothing if nothing changed', async () => {
      const { api, metaInstance } = cluster()
      expect(await new LaunchForm(api, { kind: 'change', metaInstance }).submit()).toBe('known')
      expect(api.asked).toEqual([])
    })
  })
})

describe('a launch of an on-request model', () => {
  it('makes the declaration permanent as chosen in the form, instead of declaring the model again', async () => {
    const world = new World()
    world.addNode('Mac')
    const id = world.declare('loaded', { modelId: SMALL, onRequest: { idleSeconds: 300 } })
    const api = new FakeApi().next(() => json({}))
    const form = new LaunchForm(api, { kind: 'declare', modelId: SMALL }, () => world.state.metaInstances[id])
    form.name = 'chat'
    expect(await form.submit()).toBe(id)
    expect(api.asked).toEqual([
      { path: `/meta_instance/${id}`, method: 'PATCH', json: { name: 'chat', sharding: 'Pipeline', keep: true } },
    ])
  })
})
