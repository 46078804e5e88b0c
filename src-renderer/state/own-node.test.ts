import { describe, expect, it } from 'vitest'
import { FakeApi, json } from '../testing/fake-api'
import { OwnNode } from './own-node.svelte'

describe('this page’s node', () => {
  it('reports its id, even while it refuses commands, and why', async () => {
    const degraded = { status: 'degraded', role: 'stepped-down', version: '0.1.0', nodeId: 'a', term: 1 }
    const node = new OwnNode(
      new FakeApi(() => json({ ...degraded, reason: 'The disk is full', hint: 'Make room.' }, 503)),
    )
    await node.read()
    expect(node).toMatchObject({ nodeId: 'a', version: '0.1.0' })
    expect(node.trouble).toEqual({ reason: 'The disk is full', hint: 'Make room.' })
  })

  it('stays known while it does not answer', async () => {
    const api = new FakeApi().next(() => json({ status: 'ok', version: '0.1.0', nodeId: 'a' }))
    const node = new OwnNode(api)
    await node.read()
    await node.read()
    expect(node).toMatchObject({ nodeId: 'a', trouble: undefined })
  })
})
