import { describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '@core/ids'
import { readyWorld, SMALL, World } from '@core/testing/world'
import { english } from '@core/texts/translator'
import { News, type Sight } from './news'

const sight = ({ state }: Pick<World, 'state'>, more: Partial<Sight> = {}): Sight => ({
  state,
  asking: [],
  update: { state: 'idle' },
  translator: english,
  ...more,
})

/** Notices after the first state was taken. */
const watching = (world: World) => {
  const news = new News()
  expect(news.take(sight(world))).toEqual([])
  return { news, next: (more?: Partial<Sight>) => news.take(sight(world, more)) }
}

const air = { requestId: 'r', nodeId: NodeId.parse('x'), friendlyName: 'MacBook Air', digits: '123456' }

describe('a person is told', () => {
  it('who asks to join, once, with the digits to compare', () => {
    const { next } = watching(new World())
    expect(next({ asking: [air] })).toEqual([
      { kind: 'joins', title: 'MacBook Air asks to join', body: 'Allow it if it shows 123 456.', page: 'cluster' },
    ])
    expect(next({ asking: [air] })).toEqual([])
    // A machine whose request has ended may ask again, and ended ones are not remembered for ever.
    expect(next({ asking: [] })).toEqual([])
    expect(next({ asking: [air] })).toHaveLength(1)
  })

  it('that a model is unavailable, with the cause, and that it is back', () => {
    const { world, id } = readyWorld()
    const { next } = watching(world)
    world.fail(id, 'out of memory')
    world.reconcile()
    const [unavailable, ...others] = next()
    expect(others).toEqual([])
    expect(unavailable).toMatchObject({ kind: 'models', title: `${SMALL} is unavailable` })
    expect(unavailable?.body).toContain('out of memory')
    expect(next()).toEqual([])
    world.report(id, { status: 'Loading', layersLoaded: 1, layers: 32 })
    expect(next()).toEqual([])
    world.report(id, { status: 'Ready' })
    expect(next()).toMatchObject([{ title: `${SMALL} is back`, body: 'It answers again on Mac Studio.' }])
    expect(next()).toEqual([])
  })

  it('nothing of a model that starts for the first time, is paused or deleted', () => {
    const world = new World()
    world.addNode('mini')
    const { next } = watching(world)
    const id = world.declare()
    world.reconcile()
    expect(next()).toEqual([])
    world.report(id, { status: 'Ready' })
    expect(next()).toEqual([])
    world.command({ type: 'UpdateMetaInstance', metaInstanceId: id, changes: { paused: true } })
    expect(next()).toEqual([])
    world.command({ type: 'DeleteMetaInstance', metaInstanceId: id })
    expect(next()).toEqual([])
  })

  it('that a download has ended, and nothing of one that failed or was given up', () => {
    const world = new World()
    const nodeId = world.addNode('mini')
    const progress = (name: string, status?: 'Ongoing' | 'Complete' | 'Failed') =>
      world.apply({
        type: 'NodeDownloadProgress',
        nodeId,
        modelId: ModelId.parse(name),
        ...(status && { download: { status, downloadedBytes: 1, totalBytes: 2 } }),
      })
    const { next } = watching(world)
    for (const name of ['m/a', 'm/b', 'm/c']) progress(name, 'Ongoing')
    expect(next()).toEqual([])
    progress('m/a', 'Complete')
    progress('m/b', 'Failed')
    progress('m/c')
    expect(next()).toEqual([{ kind: 'downloads', title: 'm/a is downloaded', body: 'It is on mini.', page: 'models' }])
    expect(next()).toEqual([])
  })

  it('that an update is ready, once for each version', () => {
    const { next } = watching(new World())
    expect(next({ update: { state: 'downloading', version: '2.0.0', part: 0.5 } })).toEqual([])
    expect(next({ update: { state: 'ready', version: '2.0.0' } })).toMatchObject([{ title: 'Muster 2.0.0 is ready' }])
    expect(next({ update: { state: 'ready', version: '2.0.0' } })).toEqual([])
    expect(next({ update: { state: 'ready', version: '2.0.1' } })).toHaveLength(1)
  })
})
