import { expect, it } from 'vitest'
import type { CatalogueModel } from '@core/protocols/models'
import { ModelId } from '@core/ids'
import { GB, smallCard, World } from '@core/testing/world'
import { firstChoice } from './first-choice'

const model = (id: string, gigabytes: number): CatalogueModel => {
  const modelId = ModelId.parse(id)
  const card = { ...smallCard, modelId, storageBytes: gigabytes * GB }
  return { modelId, title: id, source: 'muster', starter: false, path: '', card }
}

it('is an undeclared model that fits, or none', () => {
  const world = new World()
  world.addNode('mini', { free: 10 * GB })
  world.addNode('studio', { free: 40 * GB })
  const models = [model('huge', 400), model('wide', 45), model('kept', 4), model('small', 8)]
  const kept = ModelId.parse('kept')
  world.declare('chat', { modelId: kept, paused: true })
  expect(firstChoice(world.state, models)).toBe('small')
  expect(firstChoice(world.state, models.slice(0, 3))).toBe('wide')
  expect(firstChoice(world.state, [model('huge', 400), model('kept', 4)])).toBeUndefined()
})
