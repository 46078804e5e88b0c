import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { readyWorld, SMALL, smallCard, type World } from '@core/testing/world'
import { servedModel, servedModels } from '../served-models'
import { ListedModel, listedModel, type ModelSources } from './models'

const known = () => ({ ...smallCard, contextLength: 4096 })
const listed = ({ state }: World, loadable: readonly ModelId[] = []) =>
  servedModels({ state, loadable }).map((served) => listedModel({ state, cardOf: known }, served))
const entries = (world: World, loadable?: readonly ModelId[]) =>
  listed(world, loadable).map(({ id, muster }) => [id, muster.kind, muster.state])
/** The entry of the model in the list, with this card. */
const entryOf = (cardOf: ModelSources['cardOf']) => {
  const { state } = readyWorld().world
  const served = servedModel({ state, loadable: [] }, SMALL)
  return served && listedModel({ state, cardOf }, served).muster
}

describe('the list of models', () => {
  it('has each id once, with what it stands for', () => {
    const { world } = readyWorld()
    world.declare('second', { name: 'helper', paused: true })
    world.declare('third')
    expect(entries(world)).toEqual([
      [SMALL, 'model', 'READY'],
      ['helper', 'name', 'PAUSED'],
    ])
    for (const entry of listed(world)) {
      expect(ListedModel.parse(entry)).toEqual(entry)
      expect(entry.muster).toMatchObject({ modelId: SMALL, modelKind: 'text', contextLength: 4096 })
    }
  })

  it('has what lies on a disk and is loaded when it is asked for, once, and as what it is once it is there', () => {
    const { world } = readyWorld()
    const other = ModelId.parse('m/other')
    const loadable = [other, SMALL]
    expect(entries(world, loadable)).toEqual([
      [SMALL, 'model', 'READY'],
      [other, 'model', 'ON_DISK'],
    ])
    for (const entry of listed(world, loadable)) expect(ListedModel.parse(entry)).toEqual(entry)
    world.declare('asked', { modelId: other, onRequest: { idleSeconds: 5 } })
    expect(entries(world, loadable)).toEqual([
      [SMALL, 'model', 'READY'],
      [other, 'model', 'PLACING'],
    ])
  })

  it('lists a model once that an older log also holds as the name of another declaration', () => {
    const { world } = readyWorld()
    const named = world.declare('second', { modelId: ModelId.parse('m/other') })
    world.apply({ type: 'MetaInstanceUpdated', metaInstanceId: named, changes: { name: SMALL } })
    expect(entries(world)).toEqual([
      [SMALL, 'model', 'READY'],
      ['m/other', 'model', 'PLACING'],
    ])
  })

  it('says which models embed', () => {
    expect(entryOf(() => ({ ...smallCard, kind: 'embedding' }))).toMatchObject({ modelKind: 'embedding' })
  })

  it('says nothing of a context that is not known, and nothing of what nobody declared', () => {
    const entry = entryOf(() => undefined)
    expect(entry?.modelId).toBe(SMALL)
    expect(entry).not.toHaveProperty('contextLength')
    expect(entry).not.toHaveProperty('modelKind')
    expect(servedModel({ state: readyWorld().world.state, loadable: [] }, 'nobody/nothing')).toBeUndefined()
  })
})
