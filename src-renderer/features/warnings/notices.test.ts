import { describe, expect, it } from 'vitest'
import { Macs } from '@core/testing/macs'
import { noticesOf } from './notices'

describe('notices', () => {
  const macs = new Macs()
  macs.mac('mini', { cannotRun: 'There is no Python 3.11.' })
  const trouble = { reason: 'The disk is full', hint: 'Make room; it comes back by itself.' }

  it('are empty if all is well', () => {
    const well = new Macs()
    well.mac('mini')
    expect(noticesOf({ state: well.state, connection: 'connected', trouble: undefined })).toEqual([])
  })

  it('start with those about this page’s node, followed by the cluster’s warnings', () => {
    const found = noticesOf({ state: macs.state, connection: 'connected', trouble })
    expect(found.map(({ title, text }) => `${title} ${text}`)).toEqual([
      'This node accepts no changes now. The disk is full. Make room; it comes back by itself.',
      'mini can’t run models. There is no Python 3.11.',
    ])
    expect(found.map(({ warning }) => warning?.code)).toEqual([undefined, 'cannot-run'])
  })

  it('say only that the node is unreachable if it is', () => {
    const [first, ...others] = noticesOf({ state: macs.state, connection: 'unreachable', trouble })
    expect(first?.title).toBe('Can’t reach this node.')
    expect(others.map(({ warning }) => warning?.code)).toEqual(['cannot-run'])
  })
})
