import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InstanceId, type NodeId } from '../ids'
import { departures } from '../reconcile/index'
import type { Instance } from '../state/instances'
import type { PlacementPreference } from '../state/meta-instances'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { DEFAULT_LAUNCH, expectationOf } from './expectation'
import type { FailedPreview, Preview } from './preview'
import { previews, type PreviewQuery } from './previews'
import { PlacementSpace } from './space'

/** Room for the model's 4 GB, for the rest of one that is half there, for neither, or unknown. */
const freeOnDisk = fc.constantFrom(900 * GB, 3 * GB, 0.1 * GB, undefined)
const machine = fc.record({
  free: fc.constantFrom(2 * GB, 4 * GB, 20 * GB, 60 * GB),
  bandwidth: fc.constantFrom(100e9, 400e9, 800e9),
  freeOnDisk,
  /** How much of the model is there. */
  has: fc.constantFrom(undefined, 2 * GB, 4 * GB),
})
type Machine = typeof machine extends fc.Arbitrary<infer Value> ? Value : never
const cluster = fc.record({
  machines: fc.array(machine, { minLength: 1, maxLength: 4 }),
  /** Whether every two of them are connected, or only those beside each other. */
  meshed: fc.boolean(),
})
type Cluster = typeof cluster extends fc.Arbitrary<infer Value> ? Value : never

const nameOf = (at: number): string => `mac-${at + 1}`

const addMachine = (world: World, at: number, { freeOnDisk: freeBytes, has, ...options }: Machine): NodeId => {
  const disk = freeBytes === undefined ? {} : { disk: { totalBytes: 1000 * GB, freeBytes } }
  const nodeId = world.addNode(nameOf(at), { total: 64 * GB, ...options, ...disk })
  const progress = { totalBytes: 4 * GB, downloadedBytes: has ?? 0 }
  const status = has === 4 * GB ? 'Complete' : 'Ongoing'
  if (has !== undefined)
    world.apply({ type: 'NodeDownloadProgress', nodeId, modelId: SMALL, download: { ...progress, status } })
  return nodeId
}

/** The same cluster each time it is built. */
const worldOf = ({ machines, meshed }: Cluster): World => {
  const world = new World()
  const nodeIds = machines.map((one, at) => addMachine(world, at, one))
  if (meshed) return world.connect(nodeIds)
  for (const at of nodeIds.keys()) world.connect(nodeIds.slice(at, at + 2))
  return world
}

const nodesOf = ({ shards }: Pick<Instance, 'shards'>): NodeId[] => shards.map(({ nodeId }) => nodeId)

/** Where a pass over that cluster places a declaration; undefined if nowhere. */
const passOver = (world: World, options: Parameters<World['declare']>[1]): NodeId[] | undefined => {
  world.declare('chat', options)
  world.reconcile()
  const [instance] = Object.values(world.state.instances)
  return instance && nodesOf(instance)
}

const placedAt = (preview: Preview | FailedPreview): readonly NodeId[] | undefined =>
  'error' in preview ? undefined : preview.nodeIds

const query = fc.record({
  minNodes: fc.constantFrom(1, 2, 3),
  placementPreference: fc.constantFrom<PlacementPreference>('auto', 'largest', 'smallest', 'throughput'),
  /** How many of the first machines are named; all of them if none. */
  named: fc.constantFrom(0, 0, 1, 2),
})

/** The same cases in every run. */
const CASES = { seed: 1, numRuns: 50 }

describe('what is shown of a placement', () => {
  it('is what a pass over that state decides, and what an instance without a declaration gets', () => {
    fc.assert(
      fc.property(cluster, query, (made, { named, ...wanted }) => {
        const nodeIds = Object.values(worldOf(made).state.nodes).flatMap(({ nodeId }) => nodeId)
        const asked: PreviewQuery = { ...wanted, ...(named > 0 && { nodeIds: nodeIds.slice(0, named) }) }
        const least = named > 0 ? Math.min(named, nodeIds.length) : wanted.minNodes
        for (const sharding of ['Pipeline', 'Tensor'] as const) {
          const kind = { sharding, instanceMeta: 'MlxRing' } as const
          const shown = previews(worldOf(made).state, smallCard, { ...asked, minNodes: least }).filter(
            (preview) => preview.sharding === sharding && preview.instanceMeta === kind.instanceMeta,
          )
          const first = shown.find((preview) => 'preferred' in preview && preview.preferred) ?? shown[0]
          if (!first) throw new Error('nothing is shown')
          const constraints = {
            ...{ ...kind, minNodes: least, placementPreference: wanted.placementPreference },
            ...(asked.nodeIds && { nodeIds: [...asked.nodeIds] }),
          }
          expect(passOver(worldOf(made), constraints)).toEqual(placedAt(first))
          const loose = worldOf(made)
          const instanceId = InstanceId.parse('loose')
          loose.command({ type: 'PlaceInstance', instanceId, modelId: SMALL, card: smallCard, ...constraints })
          const instance = loose.state.instances[instanceId]
          expect(instance && nodesOf(instance)).toEqual(placedAt(first))
          for (const preview of shown) {
            if ('error' in preview || preview.preferred) continue
            const ofThatSize = { ...kind, minNodes: preview.nodeIds.length, placementPreference: 'smallest' } as const
            expect(passOver(worldOf(made), ofThatSize)).toEqual(preview.nodeIds)
          }
        }
      }),
      CASES,
    )
  })

  it('is what a launch without options gets', () => {
    fc.assert(
      fc.property(cluster, (made) => {
        const expected = expectationOf(new PlacementSpace(worldOf(made).state), smallCard)
        const { sharding, instanceMeta, minNodes, placementPreference } = DEFAULT_LAUNCH
        expect(passOver(worldOf(made), { sharding, instanceMeta, minNodes, placementPreference })).toEqual(
          expected.status === 'placed' ? expected.nodeIds : undefined,
        )
      }),
      CASES,
    )
  })

  it('is, for a machine that is to leave, what a pass decides without it', () => {
    fc.assert(
      fc.property(cluster, (made) => {
        const world = worldOf(made)
        const [leaving] = passOver(world, { placementPreference: 'auto' }) ?? []
        if (leaving === undefined) return
        const [fate] = departures(world.state, leaving, world.cards)
        const { [leaving]: _left, ...nodes } = world.state.nodes
        world.state = { ...world.state, nodes, instances: {} }
        world.reconcile()
        const [moved] = Object.values(world.state.instances)
        expect(moved && nodesOf(moved)).toEqual(fate?.fate === 'moves' ? fate.nodeIds : undefined)
      }),
      CASES,
    )
  })
})
