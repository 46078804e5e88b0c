import { describe, expect, it } from 'vitest'
import { World } from '@core/testing/world'
import { warningsOf } from './warnings'

describe('warnings', () => {
  const world = new World()
  world.addNode('mini', { cannotRun: 'There is no Python 3.11.' })
  const trouble = { reason: 'The disk is full', hint: 'Make room; it comes back by itself.' }

  it('are none where all is well', () => {
    const well = new World()
    well.addNode('mini')
    expect(warningsOf({ state: well.state, connection: 'connected', trouble: undefined })).toEqual([])
  })

  it('begin with the most severe', () => {
    const found = warningsOf({ state: world.state, connection: 'connected', trouble })
    expect(found.map(({ title, text }) => `${title} ${text}`)).toEqual([
      'This node takes no changes now. The disk is full. Make room; it comes back by itself.',
      'mini can’t run models. There is no Python 3.11.',
    ])
  })

  it('say nothing about a node that cannot be asked, but that', () => {
    const [first, ...others] = warningsOf({ state: world.state, connection: 'unreachable', trouble })
    expect(first?.title).toBe('Can’t reach this node.')
    expect(others.map(({ key }) => key)).toEqual(['cannot-run mini'])
  })
})
