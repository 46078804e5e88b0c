import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GB, SMALL, smallCard, World } from '@core/testing/world'
import { FakeApi, json } from '../../testing/fake-api'
import { Launches, UNDO_MS } from './launches.svelte'

const model = { modelId: SMALL, title: 'Small', bytes: 4 * GB, card: smallCard }
const created = () => json({ metaInstanceId: 'm-1' }, 201)

const on = (world: World, api: FakeApi) => {
  const failures: string[] = []
  const launches = new Launches({ api, state: () => world.state, failed: (what) => failures.push(what) })
  return { launches, failures }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a dropped model', () => {
  it('is launched at once on that machine, and can be undone for ten seconds', async () => {
    const world = new World()
    const studio = world.addNode('Mac Studio')
    world.addNode('Mac mini')
    const api = new FakeApi().next(created, () => json({}))
    const { launches } = on(world, api)
    expect(await launches.launch(model, [studio])).toBe('m-1')
    expect(api.asked[0]).toMatchObject({ path: '/meta_instance', json: { modelId: SMALL, nodeIds: [studio] } })
    expect(launches.last?.text).toBe('Launched Small on Mac Studio')
    await launches.undo()
    expect(api.asked[1]).toMatchObject({ path: '/meta_instance/m-1', method: 'DELETE' })
    expect(launches.last).toBeUndefined()
  })

  it('can no longer be undone afterwards, except while the pointer is on the notice', async () => {
    const world = new World()
    world.addNode('Mac')
    const { launches } = on(world, new FakeApi().next(created))
    await launches.launch(model)
    launches.hold()
    vi.advanceTimersByTime(10 * UNDO_MS)
    expect(launches.last).toBeDefined()
    launches.goOn()
    vi.advanceTimersByTime(UNDO_MS)
    expect(launches.last).toBeUndefined()
  })

  it('is not pinned to a machine if there is only one: it may move later', async () => {
    const world = new World()
    const only = world.addNode('Mac')
    const api = new FakeApi().next(created)
    await on(world, api).launches.launch(model, [only])
    expect(api.asked[0]?.json).toEqual({ modelId: SMALL })
  })

  it('is predicted for all machines from one snapshot of the cluster, not again for each event', () => {
    const world = new World()
    const nodes = Array.from({ length: 20 }, (_none, at) => world.addNode(`Mac ${at}`))
    const state = vi.fn(() => world.state)
    const launches = new Launches({ api: new FakeApi(), state, failed: () => undefined })
    launches.drag(model)
    const fits = () => nodes.map((nodeId) => launches.fitAt(nodeId)?.fits)
    expect(fits()).toEqual(nodes.map(() => true))
    world.apply({ type: 'NodeTimedOut', nodeId: nodes[0] ?? world.addNode('none') })
    expect([fits(), launches.targets().length, launches.anywhere?.fits]).toEqual([nodes.map(() => true), 20, true])
    expect(state).toHaveBeenCalledTimes(1)
    launches.drop()
    launches.drag(model)
    expect(fits()[0]).toBe(false)
  })

  it('is sharded over the selected machines if it is dropped on one of them', () => {
    const world = new World()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => world.addNode(name))
    if (!a || !b || !c) throw new Error('three machines')
    const { launches } = on(world, new FakeApi())
    launches.toggle(a)
    launches.toggle(b)
    expect(launches.group(a)).toEqual([a, b])
    expect(launches.group(c)).toEqual([c])
    launches.toggle(a)
    expect(launches.group(b)).toEqual([b])
  })

  it('that is loaded on request is made permanent instead of loaded twice, which cannot be undone', async () => {
    const world = new World()
    world.addNode('Mac')
    const id = world.declare('loaded', { modelId: SMALL, onRequest: { idleSeconds: 300 } })
    const api = new FakeApi().next(() => json({}))
    const { launches } = on(world, api)
    expect(await launches.launch(model)).toBe(id)
    expect(api.asked[0]).toMatchObject({ path: `/meta_instance/${id}`, method: 'PATCH', json: { keep: true } })
    expect(launches.last?.declared.isNew).toBe(false)
    await launches.undo()
    expect(api.asked).toHaveLength(1)
  })

  it('shows the reason if it was refused', async () => {
    const world = new World()
    world.addNode('Mac')
    const api = new FakeApi().next(() => json({ error: { code: 'unknown_model', message: 'No such model' } }, 400))
    const { launches, failures } = on(world, api)
    expect(await launches.launch(model)).toBeUndefined()
    expect(failures).toEqual(['Can’t launch Small.'])
    expect(launches.last).toBeUndefined()
  })
})
