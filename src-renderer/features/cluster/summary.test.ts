import { expect, it } from 'vitest'
import { readyWorld } from '@core/testing/world'
import { clusterSummary } from './summary'

it('counts the machines, their memory, and the models that are ready or starting', () => {
  const { world } = readyWorld()
  world.addNode('mini')
  world.declare('second')
  world.declare('resting', { paused: true })
  expect(clusterSummary(world.state)).toBe('2 machines · 128 GB · 1 model ready, 1 starting')
})
