import { describe, expect, it } from 'vitest'
import { ModelId, TaskId } from '@core/ids'
import { GB, readyWorld, World } from '@core/testing/world'
import { cancelRequest, ongoing } from './ongoing'

describe('operations in progress', () => {
  it('are one list of downloads, loads and requests, each with its way to cancel it', () => {
    const { world, id } = readyWorld()
    const { instanceId, shards } = world.instance(id)
    const [shard] = shards
    if (!shard) throw new Error('no shard')
    const task = { taskId: TaskId.parse('t'), instanceId, kind: 'generation', status: 'Running' } as const
    const download = { status: 'Ongoing', downloadedBytes: 2 * GB, totalBytes: 8 * GB, bytesPerSecond: 1e8 } as const
    world.apply(
      { type: 'TaskCreated', task: { ...task, createdAt: world.now } },
      { type: 'NodeDownloadProgress', nodeId: shard.nodeId, modelId: ModelId.parse('a/coming'), download },
    )
    const found = ongoing(world.state)
    expect(found.map(({ what, share, line }) => [what, share, line])).toEqual([
      ['Download', 0.25, '2.0 of 8.0 GB · 100 MB/s · 1 min left'],
      ['Request', undefined, 'Answering'],
    ])
    expect(found.flatMap(({ cancelling }) => (cancelling ? [cancelRequest(cancelling).path] : []))).toEqual([
      `/models/a/coming/download?nodeId=${shard.nodeId}`,
      '/requests/t',
    ])
  })

  it('give a model on many machines one total, as its card does', () => {
    const world = new World()
    world.connect(['a', 'b', 'c', 'd'].map((name) => world.addNode(name)))
    const id = world.declare('wide', { minNodes: 4 })
    world.reconcile()
    world.report(id, { status: 'Loading', layersLoaded: 4, layers: 8 })
    expect(ongoing(world.state)).toMatchObject([{ line: 'Loading on 4 machines · 50 %', share: 0.5 }])
  })

  it('show how much of a model is loaded, and end when it is paused', () => {
    const world = new World()
    world.addNode('Mac mini')
    const id = world.declare('chat', { name: 'chat' })
    world.reconcile()
    world.report(id, { status: 'Loading', layersLoaded: 8, layers: 32 })
    const [load] = ongoing(world.state)
    expect(load).toMatchObject({
      what: 'Loading',
      title: 'chat',
      share: 0.25,
      line: 'Loading layers 8 of 32 on Mac mini',
    })
    expect(load?.cancelling && cancelRequest(load.cancelling)).toEqual({
      path: `/meta_instance/${id}`,
      method: 'PATCH',
      json: { paused: true },
    })
  })
})
