import { expect, it } from 'vitest'
import { World } from '@core/testing/world'
import { coded } from '@core/texts/coded'
import { whyNoneRuns } from './cannot-run'

it('a reason is shown only if no machine at all can run models', () => {
  const world = new World()
  expect(whyNoneRuns(world.state)).toBeUndefined()
  world.addNode('mini', { cannotRun: 'There is no Python' })
  expect(whyNoneRuns(world.state)).toMatchObject({ nodeId: 'mini', reason: 'There is no Python' })
  world.addNode('studio')
  expect(whyNoneRuns(world.state)).toBeUndefined()
})

it('a machine that only coordinates does not count as one that runs models, and the reason has its code', () => {
  const world = new World()
  const nodeId = world.addNode('mini', { cannotRun: 'There is no Python' })
  const coordinator = world.addNode('rack')
  const code = coded('failures.unknown')
  for (const [id, changes] of [
    [nodeId, { cannotRunCoded: code }],
    [coordinator, { worker: false }],
  ] as const) {
    const node = world.state.nodes[id]
    if (node) world.apply({ type: 'NodeGatheredInfo', nodeId: id, info: { ...node, ...changes } })
  }
  expect(whyNoneRuns(world.state)).toEqual({ nodeId, reason: 'There is no Python', coded: code })
})
