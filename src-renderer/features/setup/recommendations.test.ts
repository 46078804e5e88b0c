import { describe, expect, it } from 'vitest'
import { recommendedCatalogue } from '@core/catalogue/recommended-models'
import { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { GB, smallCard, World } from '@core/testing/world'
import { freeTogether, recommendations } from './recommendations'
import { suggestionsFrom } from './suggestions'

const SUGGESTIONS = suggestionsFrom(recommendedCatalogue().models)

const model = (id: string, gigabytes: number, more: Partial<CatalogueModel> = {}): CatalogueModel => {
  const modelId = ModelId.parse(id)
  const card = { ...smallCard, modelId, storageBytes: gigabytes * GB }
  return { modelId, title: id, source: 'muster', starter: false, path: `/m/${id}`, card, ...more }
}

const cluster = (...free: number[]) => {
  const world = new World()
  const nodeIds = free.map((gigabytes, at) =>
    world.addNode(`mac ${at}`, { total: 2 * gigabytes * GB, free: gigabytes * GB }),
  )
  return { state: world.state, nodeIds }
}

const ids = (...inputs: Parameters<typeof recommendations>) => recommendations(...inputs).map(({ modelId }) => modelId)

describe('the recommended first models', () => {
  it('start with those on disk, the largest that leaves some memory free first', () => {
    const { state } = cluster(32)
    const models = [model('m/small', 1), model('m/tight', 31), model('m/middle', 12)]
    expect(ids({ state, models, suggestions: [] })).toEqual(['m/middle', 'm/small', 'm/tight'])
  })

  it('consider the memory of all machines together', () => {
    const alone = recommendations({ state: cluster(32).state, models: [], suggestions: SUGGESTIONS })
    const together = recommendations({ state: cluster(32, 32).state, models: [], suggestions: SUGGESTIONS })
    expect(alone[0]?.bytes).toBeLessThan(32 * GB)
    expect(together[0]?.bytes).toBeGreaterThan(32 * GB)
    expect(together.every(({ lack }) => lack === undefined)).toBe(true)
  })

  it('say what a model that does not fit lacks, after all that fit', () => {
    const { state } = cluster(8)
    const [first, last] = recommendations({
      state,
      models: [model('m/large', 20), model('m/small', 1)],
      suggestions: [],
    })
    expect(first).toMatchObject({ modelId: 'm/small', lack: undefined })
    expect(last?.lack).toBe('needs 12 GB more memory')
  })

  it('leave out models that cannot chat, and hub models that are on disk already', () => {
    const { state } = cluster(32)
    const known = SUGGESTIONS[0]
    if (!known) throw new Error('no suggestion')
    const embedding = model('m/embed', 1)
    const models = [
      model('m/damaged', 1, { problem: 'a file is missing' }),
      { ...embedding, card: { ...embedding.card, kind: 'embedding' as const } },
      model(known.modelId, 1),
    ]
    const found = recommendations({ state, models, suggestions: [known] })
    expect(found.map(({ modelId, onDisk }) => [modelId, onDisk])).toEqual([[known.modelId, true]])
  })

  it('include this machine as soon as its Python is being installed', () => {
    const world = new World()
    const nodeId = world.addNode('mac', { total: 32 * GB, free: 16 * GB, cannotRun: 'no Python' })
    expect(freeTogether(world.state)).toBe(0)
    expect(freeTogether(world.state, nodeId)).toBe(16 * GB)
  })
})
