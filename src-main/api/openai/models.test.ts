import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { readyWorld, SMALL, type World } from '@core/testing/world'
import { ListedModel, listedModel, listedModels } from './models'

const listed = ({ state }: World) => listedModels({ state, contextLengthOf: () => 4096 })
const entries = (world: World) => listed(world).map(({ id, muster }) => [id, muster.kind, muster.state])

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
      expect(entry.muster).toMatchObject({ modelId: SMALL, contextLength: 4096 })
    }
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

  it('says nothing of a context that is not known, and nothing of what nobody declared', () => {
    const { world } = readyWorld()
    const sources = { state: world.state, contextLengthOf: () => undefined }
    expect(listedModel(sources, SMALL)?.muster).not.toHaveProperty('contextLength')
    expect(listedModel(sources, 'nobody/nothing')).toBeUndefined()
  })
})
