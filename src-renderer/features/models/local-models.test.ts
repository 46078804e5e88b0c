import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { GB, readyWorld, SMALL, smallCard } from '@core/testing/world'
import { localModels, passesAll } from './local-models'

const model = (id: string): CatalogueModel => {
  const modelId = ModelId.parse(id)
  return { modelId, title: id, source: 'muster', starter: false, path: '/', card: { ...smallCard, modelId } }
}

describe('models on the disks of the cluster', () => {
  it('show their machines, which of these use them, and their declarations', () => {
    const { world, id } = readyWorld()
    const [shard] = world.instance(id).shards
    if (!shard) throw new Error('no shard')
    const other = world.addNode('other')
    const done = { status: 'Complete', downloadedBytes: GB, totalBytes: GB } as const
    for (const nodeId of [shard.nodeId, other])
      world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download: done })
    const [small, unreported] = localModels(world.state, [model(SMALL), model('m/damaged')], other)
    expect(small?.copies.map(({ nodeId, used }) => [nodeId, used])).toEqual(
      expect.arrayContaining([
        [shard.nodeId, true],
        [other, false],
      ]),
    )
    expect(small?.usedBy).toEqual(['small'])
    expect(unreported).toMatchObject({ copies: [{ nodeId: other }], usedBy: [] })
  })

  it('are in use as draft models and adapters too, where these run', () => {
    const { world, id } = readyWorld()
    const [shard] = world.instance(id).shards
    if (!shard) throw new Error('no shard')
    const [draft, adapter] = [ModelId.parse('m/draft'), ModelId.parse('m/adapter')]
    world.apply({
      type: 'MetaInstanceUpdated',
      metaInstanceId: id,
      changes: { draftModelId: draft, adapterId: adapter },
    })
    world.apply({
      type: 'InstanceCreated',
      instance: { ...world.instance(id), draftModelId: draft, adapterId: adapter },
    })
    for (const modelId of [draft, adapter])
      world.apply({
        type: 'NodeDownloadProgress',
        nodeId: shard.nodeId,
        modelId,
        download: { status: 'Complete', downloadedBytes: GB, totalBytes: GB },
      })
    for (const one of localModels(world.state, [model(draft), model(adapter)], undefined))
      expect(one).toMatchObject({ copies: [{ nodeId: shard.nodeId, used: true }], usedBy: ['small'] })
  })

  it('pass all chosen filters', () => {
    const one = { fits: () => true, onDisk: false, abilities: ['tools'], favourite: true }
    expect(passesAll([], one)).toBe(true)
    expect(passesAll(['fits', 'tools', 'favourites'], one)).toBe(true)
    expect(passesAll(['tools', 'thinking'], one)).toBe(false)
    expect(passesAll(['on disk'], one)).toBe(false)
    // An unknown property does not exclude a model.
    expect(passesAll(['fits'], { ...one, fits: () => undefined })).toBe(true)
  })
})
