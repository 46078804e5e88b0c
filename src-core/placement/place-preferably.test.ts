import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InstanceId, ModelId, type NodeId } from '../ids'
import { departures } from '../reconcile/index'
import type { Instance } from '../state/instances'
import type { PlacementPreference } from '../state/meta-instances'
import { GB, SMALL, smallCard, World } from '../testing/world'
import type { Ending } from './ending'
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
/** What may give way: a declaration that a request has made, or an instance without a declaration. */
const temporary = fc.record({
  kind: fc.constantFrom('on-request', 'loose'),
  /** The machine that it is on, counted around. */
  on: fc.nat(3),
  bytes: fc.constantFrom(GB, 3 * GB, 18 * GB),
  pinned: fc.boolean(),
  replicas: fc.constantFrom(1, 1, 2),
  /** Whether nobody waits for it any more. */
  idle: fc.boolean(),
})
type Temporary = typeof temporary extends fc.Arbitrary<infer Value> ? Value : never
const cluster = fc.record({
  machines: fc.array(machine, { minLength: 1, maxLength: 4 }),
  temporaries: fc.array(temporary, { maxLength: 3 }),
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

const addTemporary = (world: World, at: number, { kind, on, bytes, pinned, replicas }: Temporary): void => {
  const members = Object.values(world.state.nodes).map(({ nodeId }) => nodeId)
  const nodeId = members[on % members.length]
  if (nodeId === undefined) throw new Error('there is no machine')
  const modelId = ModelId.parse(`m/temporary-${at}`)
  const card = { ...smallCard, modelId, storageBytes: bytes }
  world.cards[modelId] = { status: 'loaded', card }
  if (kind === 'loose') {
    const instanceId = InstanceId.parse(`loose-${at}`)
    const constraints = { sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 1 } as const
    const given = { instanceId, modelId, card, placementPreference: 'smallest' } as const
    world.command({ type: 'PlaceInstance', ...constraints, ...given, nodeIds: [nodeId] })
    return
  }
  const where = replicas === 1 ? { nodeIds: [nodeId] } : { replicas }
  const metaInstanceId = world.declare(`temporary-${at}`, {
    modelId,
    onRequest: { idleSeconds: 600 },
    pinned,
    ...where,
  })
  world.reconcile()
  const instances = Object.values(world.state.instances).filter((one) => one.modelId === modelId)
  // Nothing else waits for memory that becomes free.
  if (instances.length < replicas) world.command({ type: 'DeleteMetaInstance', metaInstanceId })
  else
    for (const { runnerId } of instances.flatMap(({ shards }) => shards))
      world.apply({ type: 'RunnerStatusUpdated', runnerId, status: 'Ready' })
}

/** The same cluster each time it is built. */
const worldOf = ({ machines, meshed, temporaries }: Cluster): World => {
  const world = new World()
  const nodeIds = machines.map((one, at) => addMachine(world, at, one))
  if (meshed) world.connect(nodeIds)
  else for (const at of nodeIds.keys()) world.connect(nodeIds.slice(at, at + 2))
  const all = [...temporaries.entries()]
  for (const [at, one] of all) if (one.idle) addTemporary(world.wait(1000), at, one)
  world.wait(120_000)
  for (const [at, one] of all) if (!one.idle) addTemporary(world.wait(1000), at, one)
  world.apply({ type: 'SettingChanged', change: { key: 'clusterId', value: 'studio' } })
  return world
}

const nodesOf = ({ shards }: Pick<Instance, 'shards'>): NodeId[] => shards.map(({ nodeId }) => nodeId)

/** Where a declaration is placed, and which instances end for it; undefined if it is not. */
type Outcome = { readonly nodeIds: readonly NodeId[]; readonly ended: readonly string[] } | undefined

/** What passes do to give it an instance: one ends what has to give way, and the next places it. */
const placedNow = (world: World): Outcome => {
  const before = Object.keys(world.state.instances)
  world.reconcile()
  const endings = before.filter((instanceId) => !(instanceId in world.state.instances))
  world.reconcile()
  const placed = Object.values(world.state.instances).find(({ metaInstanceId }) => metaInstanceId === 'chat')
  if (placed === undefined) expect(endings).toEqual([])
  return placed && { nodeIds: nodesOf(placed), ended: endings.sort() }
}

/** What passes over that cluster do with a declaration. */
const passOver = (world: World, options: Parameters<World['declare']>[1]): Outcome => {
  world.declare('chat', options)
  return placedNow(world)
}

const endedBy = (ends: readonly Ending[] = []): string[] => ends.flatMap(({ instanceIds }) => instanceIds).sort()

const shownBy = (preview: Preview | FailedPreview): Outcome =>
  'error' in preview ? undefined : { nodeIds: preview.nodeIds, ended: endedBy(preview.ends) }

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
        const asked: PreviewQuery = {
          ...wanted,
          makingRoom: true,
          ...(named > 0 && { nodeIds: nodeIds.slice(0, named) }),
        }
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
          expect(passOver(worldOf(made), constraints)).toEqual(shownBy(first))
          const loose = worldOf(made)
          const instanceId = InstanceId.parse('loose')
          loose.command({ type: 'PlaceInstance', instanceId, modelId: SMALL, card: smallCard, ...constraints })
          const instance = loose.state.instances[instanceId]
          const beside = 'error' in first || first.ends ? undefined : first.nodeIds
          expect(instance && nodesOf(instance)).toEqual(beside)
          for (const preview of shown) {
            if ('error' in preview || preview.preferred) continue
            const ofThatSize = { ...kind, minNodes: preview.nodeIds.length, placementPreference: 'smallest' } as const
            expect(passOver(worldOf(made), ofThatSize)).toEqual(shownBy(preview))
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
          expected.status === 'placed' ? { nodeIds: expected.nodeIds, ended: endedBy(expected.ends) } : undefined,
        )
      }),
      CASES,
    )
  })

  it('is, for a machine that is to leave, what a pass decides without it', () => {
    fc.assert(
      fc.property(cluster, (made) => {
        const world = worldOf(made)
        const [leaving] = passOver(world, { placementPreference: 'auto' })?.nodeIds ?? []
        if (leaving === undefined) return
        const fate = departures(world.state, leaving, world.cards).find(({ name }) => name === SMALL)
        const { [leaving]: _left, ...nodes } = world.state.nodes
        const instances = Object.fromEntries(
          Object.entries(world.state.instances).filter(([, instance]) => !nodesOf(instance).includes(leaving)),
        )
        world.state = { ...world.state, nodes, instances }
        const moved = placedNow(world)
        expect(moved).toEqual(fate?.fate === 'moves' ? { nodeIds: fate.nodeIds, ended: endedBy(fate.ends) } : undefined)
      }),
      CASES,
    )
  })
})
