import { z } from 'zod'
import { PlacementPreference } from '../../state/meta-instances'
import type { State } from '../../state/state'
import type { Random } from '../../random'
import { Step, type Scenario } from '../scenario'

const GB = 1e9

const models: Scenario['models'] = {
  'm/small': {
    storageBytes: 4 * GB,
    layers: 32,
    hiddenSize: 4096,
    kvHeads: 8,
    supportsTensor: true,
    supportsPipeline: true,
  },
  'm/large': {
    storageBytes: 40 * GB,
    layers: 64,
    hiddenSize: 8192,
    kvHeads: 8,
    supportsTensor: true,
    supportsPipeline: true,
  },
  'm/odd': {
    storageBytes: 9 * GB,
    layers: 3,
    hiddenSize: 4096,
    kvHeads: 3,
    supportsTensor: false,
    supportsPipeline: true,
  },
}
export const modelIds = Object.keys(models)

/** Models that requests load, and that are sometimes declared as well. */
const askedModels: Scenario['models'] = {
  'm/asked': { ...models['m/small'], storageBytes: 6 * GB } as Scenario['models'][string],
  'm/wanted': { ...models['m/odd'], storageBytes: 12 * GB } as Scenario['models'][string],
}
const askedModelIds = Object.keys(askedModels)
const temporaries = ['asked', 'wanted']

const declarations = ['chat', 'code', 'draft', 'vision', 'embed']
const placed = ['once', 'twice']
export const errors = ['out of memory', 'GPU time-out', '']

/** The world of a random schedule. */
export const chaoticWorld = (seed: number): Omit<Scenario, 'steps'> => ({
  seed,
  models: { ...models, ...askedModels },
  runner: { auto: true, connectMs: 200, loadMs: 1000, warmUpMs: 100, jitterMs: 300 },
})

/** What the next step of a schedule may refer to. */
export interface Situation {
  readonly state: State
  readonly nodes: readonly string[]
  readonly silent: ReadonlySet<string>
  readonly gone: ReadonlySet<string>
  /** Names for tasks; each is used once. */
  readonly nextTask: () => string
}

type Draw = (random: Random, situation: Situation) => object | undefined

export const pair = (random: Random, nodes: readonly string[]): { from: string; to: string } | undefined => {
  const from = random.pick(nodes)
  const to = random.pick(nodes.filter((node) => node !== from))
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** Each pair of machines has two cables, so that one can fail alone. */
export const cable = (nodes: readonly string[], from: string, to: string, which: number): object => {
  const [a, b] = [nodes.indexOf(from), nodes.indexOf(to)]
  const network = `10.${which}.${Math.min(a, b)}${Math.max(a, b)}`
  const interfaceType = which === 0 ? 'thunderbolt' : 'ethernet'
  return { do: 'connect', from, to, ip: `${network}.${b + 1}`, reverseIp: `${network}.${a + 1}`, interfaceType }
}

export const rdma = (nodes: readonly string[], from: string, to: string): object => ({
  do: 'connectRdma',
  from,
  to,
  fromInterface: `rdma_en${nodes.indexOf(to) + 2}`,
  toInterface: `rdma_en${nodes.indexOf(from) + 2}`,
})

type Wiring = (random: Random, situation: { readonly nodes: readonly string[] }) => object | undefined

export const unplugCable: Wiring = (random, { nodes }) => {
  const ends = pair(random, nodes)
  if (!ends) return undefined
  const { ip } = z.object({ ip: z.string() }).parse(cable(nodes, ends.from, ends.to, random.integer(0, 1)))
  return { do: 'disconnect', ...ends, ip, both: random.chance(0.7) }
}

export const plugCable: Wiring = (random, { nodes }) => {
  const ends = pair(random, nodes)
  return ends && cable(nodes, ends.from, ends.to, random.integer(0, 1))
}

const unplugRdma: Wiring = (random, { nodes }) => {
  const ends = pair(random, nodes)
  return ends && { do: 'disconnectRdma', ...ends, fromInterface: `rdma_en${nodes.indexOf(ends.to) + 2}` }
}

const plugRdma: Wiring = (random, { nodes }) => {
  const ends = pair(random, nodes)
  return ends && rdma(nodes, ends.from, ends.to)
}

/** The two cables and the RDMA connection of every pair of machines, as at the start. */
export const cabling = (nodes: readonly string[]): object[] =>
  nodes.flatMap((from, at) =>
    nodes.slice(at + 1).flatMap((to) => [cable(nodes, from, to, 0), cable(nodes, from, to, 1), rdma(nodes, from, to)]),
  )

const some = (random: Random, nodes: readonly string[]): string[] => {
  const chosen = nodes.filter(() => random.chance(0.5))
  return chosen.length > 0 ? chosen : nodes.slice(0, 1)
}

const minute = (random: Random): string => `00:0${random.integer(0, 8)}`

/** Hours within the first minutes, in which the schedule runs; `12:00` is an end that it never reaches. */
export const hours = (random: Random, nodes: readonly string[]): object[] =>
  Array.from({ length: random.integer(1, 2) }, () => ({
    from: minute(random),
    to: random.chance(0.3) ? '12:00' : minute(random),
    timeZone: 'UTC',
    ...(random.chance(0.3) && { nodeIds: some(random, nodes) }),
  }))

export const constraints = (random: Random, { nodes }: Pick<Situation, 'nodes'>): object => ({
  modelId: random.pick(modelIds),
  ...(random.chance(0.25) && { sharding: 'Tensor' }),
  ...(random.chance(0.2) && { instanceMeta: 'MlxJaccl' }),
  ...(random.chance(0.4) && { minNodes: random.integer(1, 3) }),
  ...(random.chance(0.15) && { nodeIds: some(random, nodes) }),
  ...(random.chance(0.5) && { placementPreference: random.pick(PlacementPreference.options) }),
})

/** A declaration: its constraints, and at times hours and replicas. */
export const declaration = (random: Random, situation: Pick<Situation, 'nodes'>): object => ({
  ...constraints(random, situation),
  ...(random.chance(0.2) && { hours: hours(random, situation.nodes) }),
  ...(random.chance(0.25) && { replicas: random.integer(2, 3) }),
})

/** A temporary declaration, as a request creates it. */
export const onRequest = (random: Random): object => ({
  modelId: random.pick(random.chance(0.8) ? askedModelIds : modelIds),
  onRequest: random.chance(0.8) ? { idleSeconds: random.integer(0, 40) } : {},
})

/** A change of how long a temporary declaration is kept. */
export const lifetime = (random: Random): object | undefined =>
  random.pick<object>([
    { pinned: true },
    { pinned: false },
    { keep: true },
    { onRequest: { idleSeconds: random.integer(0, 40) } },
  ])

/** A change of a declaration. */
export const change = (random: Random, nodes: readonly string[]): object | undefined =>
  random.pick<object>([
    { paused: true },
    { paused: false },
    { paused: false },
    { maxContext: random.integer(1, 8) * 1024 },
    { minNodes: random.integer(1, 3) },
    { nodeIds: random.chance(0.5) ? null : some(random, nodes) },
    { modelId: random.pick(modelIds) },
    { name: random.pick(['alias', 'other']) },
    { instanceMeta: random.pick(['MlxRing', 'MlxJaccl']) },
    { replicas: random.integer(1, 3) },
    { replicas: random.integer(1, 3) },
    { hours: random.chance(0.3) ? null : hours(random, nodes) },
  ])

const update: Draw = (random, { nodes }) => {
  const changes = change(random, nodes)
  return { do: 'updateMetaInstance', id: random.pick(declarations), ...changes }
}

/** The owner of an existing instance: the check refuses steps that name an owner that no step introduced. */
export const owner = (random: Random, { state }: Pick<Situation, 'state'>): object | undefined => {
  const metaInstance = random.pick(Object.keys(state.metaInstances))
  if (metaInstance !== undefined && !random.chance(0.1)) return { metaInstance }
  const instance = random.pick(placed.filter((id) => id in state.instances))
  return instance === undefined ? (metaInstance === undefined ? undefined : { metaInstance }) : { instance }
}

/** A runner that exists, so that failing it has an effect. */
export const runner = (random: Random, situation: Pick<Situation, 'state'>): object | undefined => {
  const { instances } = situation.state
  const all = Object.values(instances)
  // Instances that replace another one exist only for a short time, and would rarely be hit by chance.
  const replacements = all.filter(({ replaces }) => replaces !== undefined && replaces in instances)
  const instance = random.pick(replacements.length > 0 && random.chance(0.5) ? replacements : all)
  const node = instance && random.pick(instance.shards)?.nodeId
  if (instance === undefined || node === undefined) return undefined
  const { metaInstanceId, instanceId } = instance
  return metaInstanceId === undefined ? { instance: instanceId, node } : { metaInstance: metaInstanceId, node }
}

const onRunner =
  (fields: (random: Random) => object): Draw =>
  (random, situation) => {
    const target = runner(random, situation)
    return target && { ...fields(random), ...target }
  }

/** The kinds of steps with their weights. */
const draws: readonly (readonly [number, Draw])[] = [
  [
    10,
    (random, situation) => ({
      do: 'createMetaInstance',
      id: random.pick(declarations),
      ...declaration(random, situation),
    }),
  ],
  [6, (random) => ({ do: 'createMetaInstance', id: random.pick(temporaries), ...onRequest(random) })],
  [4, (random) => ({ do: 'updateMetaInstance', id: random.pick(temporaries), ...lifetime(random) })],
  [4, (random) => ({ do: 'deleteMetaInstance', id: random.pick([...declarations, ...temporaries]) })],
  [6, update],
  [2, (random) => ({ do: 'restartMetaInstance', id: random.pick(declarations) })],
  [2, (random) => ({ do: 'wakeMetaInstance', id: random.pick(declarations), idleSeconds: random.integer(0, 40) })],
  [2, (random, situation) => ({ do: 'placeInstance', id: random.pick(placed), ...constraints(random, situation) })],
  [1, (random, { state }) => ({ do: 'deleteInstance', id: random.pick([...placed, ...Object.keys(state.instances)]) })],
  [14, onRunner((random) => ({ do: 'failRunner', error: random.pick(errors), only: random.chance(0.2) }))],
  [2, onRunner(() => ({ do: 'shutdownRunner' }))],
  [
    5,
    (random, situation) => {
      const target = owner(random, situation)
      return target && { do: 'startTask', id: situation.nextTask(), ...target, durationMs: random.integer(0, 20_000) }
    },
  ],
  [
    1,
    (random, { state }) => {
      const id = random.pick(Object.keys(state.tasks))
      return id === undefined ? undefined : { do: random.pick(['cancelTask', 'completeTask']), id }
    },
  ],
  [
    3,
    (random, { nodes, silent, gone }) => {
      const node = random.pick(nodes.filter((name) => !silent.has(name) && !gone.has(name)))
      return node === undefined ? undefined : { do: 'silence', node }
    },
  ],
  [
    4,
    (random, { silent }) => {
      const node = random.pick([...silent])
      return node === undefined ? undefined : { do: 'resume', node }
    },
  ],
  [
    1,
    (random, { nodes, gone }) => {
      const node = random.pick(nodes.filter((name) => !gone.has(name)))
      return node === undefined ? undefined : { do: 'removeNode', node }
    },
  ],
  [
    2,
    (random, { gone }) => {
      const node = random.pick([...gone])
      return node === undefined ? undefined : addNode(random, node)
    },
  ],
  [3, (random, { nodes }) => ({ do: 'setMemory', node: random.pick(nodes), ramAvailable: random.integer(2, 64) * GB })],
  [4, unplugCable],
  [5, plugCable],
  [1, unplugRdma],
  [2, plugRdma],
  [
    3,
    (random) => ({ do: 'modelCard', modelId: random.pick(modelIds), mode: random.pick(['ok', 'ok', 'error', 'hang']) }),
  ],
  [1, () => ({ do: 'crashMaster' })],
]
const total = draws.reduce((sum, [weight]) => sum + weight, 0)

export const addNode = (random: Random, node: string): object => ({
  do: 'addNode',
  node,
  ramTotal: 64 * GB,
  ramAvailable: random.integer(6, 60) * GB,
  memoryBandwidth: random.integer(1, 8) * 100 * GB,
})

/** Time until the next step: usually short, sometimes none, and occasionally long enough for slow work to end. */
export const pause = (random: Random): number => {
  const kind = random.next()
  if (kind < 0.25) return 0
  if (kind < 0.5) return random.integer(1, 300)
  if (kind < 0.9) return random.integer(300, 6000)
  return kind < 0.97 ? random.integer(6000, 35_000) : random.integer(35_000, 70_000)
}

/** The next step of a random schedule. */
export const drawStep = (random: Random, situation: Situation, now: number): Step => {
  const at = now + pause(random)
  for (;;) {
    let left = random.next() * total
    const [, draw] = draws.find(([weight]) => (left -= weight) < 0) ?? []
    const step = draw?.(random, situation)
    if (step) return Step.parse({ at, ...step })
  }
}
