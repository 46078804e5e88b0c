import { expect, it } from 'vitest'
import { World } from '@core/testing/world'
import { whyNoneRuns } from './cannot-run'

it('a reason is shown only if no machine at all can run models', () => {
  const world = new World()
  expect(whyNoneRuns(world.state)).toBeUndefined()
  world.addNode('mini', { cannotRun: 'There is no Python' })
  expect(whyNoneRuns(world.state)).toEqual({ nodeId: 'mini', reason: 'There is no Python' })
  world.addNode('studio')
  expect(whyNoneRuns(world.state)).toBeUndefined()
})
