import { expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { World } from '@core/testing/world'
import { AwaitedModels, type Start } from './awaited-models'

const starts = (): [Start, Start] => {
  const world = new World()
  world.addNode('Mac mini')
  const made = ['chat', 'code'].map((name): Start => {
    const id = world.declare(name)
    world.reconcile()
    const instance = world.instance(id)
    const [shard] = instance.shards
    if (!shard) throw new Error('nothing was placed')
    return { kind: 'start', instance, shard }
  })
  const [one, other] = made
  if (!one || !other) throw new Error('nothing was made')
  return [one, other]
}

const awaiting = (...waiting: Start[]) => {
  const here = new Set<ModelId>()
  const released: ModelId[] = []
  const models = new AwaitedModels({
    modelPath: (modelId) => (here.has(modelId) ? '/model' : undefined),
    release: (modelId) => void released.push(modelId),
  })
  for (const start of waiting) models.add(start)
  return { models, here, released }
}

it('a runner waits until its model has come, and then no more', () => {
  const [one] = starts()
  const { models, here } = awaiting(one)
  expect(models.arrived()).toEqual([])
  expect([...models.runners()]).toEqual([one.shard.runnerId])
  here.add(one.instance.modelId)
  expect(models.arrived()).toEqual([one])
  expect([...models.runners()]).toEqual([])
})

it('a runner with a draft model waits for that too, and releases both', () => {
  const [one] = starts()
  const draftModelId = ModelId.parse('m/draft')
  const start = { ...one, instance: { ...one.instance, draftModelId } }
  const { models, here, released } = awaiting(start)
  here.add(one.instance.modelId)
  expect(models.arrived()).toEqual([])
  here.add(draftModelId)
  expect(models.arrived()).toEqual([start])
  expect(released).toEqual([one.instance.modelId, draftModelId])
})

it('a model is released when the last runner that waited for it is gone, and not before', () => {
  const [one, other] = starts()
  expect(one.instance.modelId).toBe(other.instance.modelId)
  const { models, released } = awaiting(one, other)
  models.forget(one.shard.runnerId)
  expect(released).toEqual([])
  models.forget(other.shard.runnerId)
  models.forget(other.shard.runnerId)
  expect(released).toEqual([one.instance.modelId])
})
