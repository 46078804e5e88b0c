import { beforeEach, describe, expect, it } from 'vitest'
import type { ModelId, NodeId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { GB, World } from '@core/testing/world'
import { Turns } from './turns'

describe('who of several machines fetches a model from the hub', () => {
  let world: World
  let a: NodeId
  let b: NodeId
  let modelId: ModelId
  let linked: Set<NodeId>
  beforeEach(() => {
    world = new World()
    a = world.addNode('a')
    b = world.addNode('b')
    linked = new Set([a, b])
    // Both hold a part of it.
    const [one, two] = [world.declare('one', { nodeIds: [a] }), world.declare('two', { nodeIds: [b] })]
    world.reconcile()
    modelId = world.metaInstance(one).modelId
    expect(world.metaInstance(two).modelId).toBe(modelId)
  })

  const turnsOf = (self: NodeId) =>
    new Turns({ self, state: () => world.state, isLinked: (nodeId) => linked.has(nodeId) }, modelId, 0)
  const tell = (nodeId: NodeId, download: Partial<Download>) =>
    world.apply({
      type: 'NodeDownloadProgress',
      nodeId,
      modelId,
      download: { status: 'Ongoing', downloadedBytes: 0, totalBytes: GB, ...download },
    })

  it('is the first by its id; the other waits as long as that one gets on', () => {
    expect(turnsOf(a).first(0)).toBeUndefined()
    const second = turnsOf(b)
    expect(second.first(0)).toBe(a)
    for (let seconds = 1; seconds < 100; seconds += 10) {
      tell(a, { downloadedBytes: seconds })
      expect(second.first(1000 * seconds)).toBe(a)
    }
  })

  it('is nobody but itself for a machine whose predecessor does not begin, stalls, fails or is gone', () => {
    const second = turnsOf(b)
    expect(second.first(2999)).toBe(a)
    expect(second.first(3000)).toBeUndefined()
    tell(a, { downloadedBytes: 5 })
    expect(second.first(10_000)).toBe(a)
    expect(second.first(24_999)).toBe(a)
    expect(second.first(25_000)).toBeUndefined()
    tell(a, { downloadedBytes: 6 })
    expect(second.first(25_001)).toBe(a)
    linked.delete(a)
    expect(second.first(25_002)).toBeUndefined()
    linked.add(a)
    tell(a, { status: 'Failed', error: 'the disk is full' })
    expect(second.first(25_003)).toBeUndefined()
  })

  it('is never waited for by the first itself, so that no two wait for each other', () => {
    for (const status of ['Pending', 'Ongoing', 'Failed', 'Complete'] as const) {
      tell(b, { status })
      expect(turnsOf(a).first(0)).toBeUndefined()
    }
  })

  it('is also one that only a person asked to fetch it', () => {
    const c = world.addNode('c')
    linked.add(c)
    const d = world.addNode('d')
    tell(c, { downloadedBytes: 1 })
    tell(a, { status: 'Failed' })
    tell(b, { status: 'Failed' })
    expect(turnsOf(d).first(0)).toBe(c)
  })
})
