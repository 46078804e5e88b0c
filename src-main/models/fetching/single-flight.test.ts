import { beforeEach, describe, expect, it } from 'vitest'
import type { ModelId, NodeId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { GB, World } from '@core/testing/world'
import { ClusterSingleFlight } from './single-flight'

describe('the machine that downloads a model from the hub for several', () => {
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
    // Declarations of the same model on both machines.
    const [one, two] = [world.declare('one', { nodeIds: [a] }), world.declare('two', { nodeIds: [b] })]
    world.reconcile()
    modelId = world.metaInstance(one).modelId
    expect(world.metaInstance(two).modelId).toBe(modelId)
  })

  const turnsOf = (self: NodeId) =>
    new ClusterSingleFlight({ self, state: () => world.state, isLinked: (nodeId) => linked.has(nodeId) }, modelId, 0)
  const tell = (nodeId: NodeId, download: Partial<Download>) =>
    world.apply({
      type: 'NodeDownloadProgress',
      nodeId,
      modelId,
      download: { status: 'Ongoing', downloadedBytes: 0, totalBytes: GB, ...download },
    })

  it('is the first by id; the others wait while it makes progress', () => {
    expect(turnsOf(a).downloader(0)).toBeUndefined()
    const second = turnsOf(b)
    expect(second.downloader(0)).toBe(a)
    for (let seconds = 1; seconds < 100; seconds += 10) {
      tell(a, { downloadedBytes: seconds })
      expect(second.downloader(1000 * seconds)).toBe(a)
    }
  })

  it('is the waiting machine itself once the first one does not start, stalls, fails or is gone', () => {
    const second = turnsOf(b)
    expect(second.downloader(2999)).toBe(a)
    expect(second.downloader(3000)).toBeUndefined()
    tell(a, { downloadedBytes: 5 })
    expect(second.downloader(10_000)).toBe(a)
    expect(second.downloader(24_999)).toBe(a)
    expect(second.downloader(25_000)).toBeUndefined()
    tell(a, { downloadedBytes: 6 })
    expect(second.downloader(25_001)).toBe(a)
    linked.delete(a)
    expect(second.downloader(25_002)).toBeUndefined()
    linked.add(a)
    tell(a, { status: 'Failed', error: 'the disk is full' })
    expect(second.downloader(25_003)).toBeUndefined()
  })

  it('never waits itself, so that no two wait for each other', () => {
    for (const status of ['Pending', 'Ongoing', 'Failed', 'Complete'] as const) {
      tell(b, { status })
      expect(turnsOf(a).downloader(0)).toBeUndefined()
    }
  })

  it('may also be one that downloads only at a user’s request', () => {
    const c = world.addNode('c')
    linked.add(c)
    const d = world.addNode('d')
    tell(c, { downloadedBytes: 1 })
    tell(a, { status: 'Failed' })
    tell(b, { status: 'Failed' })
    expect(turnsOf(d).downloader(0)).toBe(c)
  })
})
