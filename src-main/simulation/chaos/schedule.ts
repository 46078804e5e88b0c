import type { State } from '@core/state/state'
import type { Random } from '@core/random'
import { Step } from '@core/simulation/scenario'
import {
  change,
  constraints,
  declaration,
  errors,
  lifetime,
  modelIds,
  onRequest,
  owner,
  pair,
  pause,
  plugCable,
  runner,
  unplugCable,
} from '@core/simulation/chaos/schedule'

const GB = 1e9
/** Limit of declarations at a time. */
const MAX_DECLARED = 5

/** The situation from which the next step is drawn. */
export interface ClusterSituation {
  /** The leader's state. */
  readonly state: State
  readonly nodes: readonly string[]
  readonly down: ReadonlySet<string>
  readonly asleep: ReadonlySet<string>
  readonly silent: ReadonlySet<string>
  /** Machines whose disk is slow, full, hangs or refuses. */
  readonly faultyDisks: ReadonlySet<string>
  readonly split: boolean
  /** Machines that were removed, know it, and were not readmitted. */
  readonly outside: ReadonlySet<string>
  /** Unique names, like the product's ids. */
  readonly nextName: (kind: 'meta-instance' | 'instance' | 'task' | 'key') => string
}

type Draw = (random: Random, situation: ClusterSituation) => object | undefined

const up = ({ nodes, down, asleep }: ClusterSituation): string[] =>
  nodes.filter((node) => !down.has(node) && !asleep.has(node))

/** Members whose process runs. */
const members = (situation: ClusterSituation): string[] => up(situation).filter((node) => !situation.outside.has(node))

const via = (random: Random, situation: ClusterSituation): object => {
  const node = random.pick(members(situation))
  return node === undefined ? {} : { via: node }
}

const declared = (random: Random, { state }: ClusterSituation): string | undefined =>
  random.pick(Object.keys(state.metaInstances))

const onDeclared =
  (fields: Draw): Draw =>
  (random, situation) => {
    const id = declared(random, situation)
    return id === undefined ? undefined : { id, ...via(random, situation), ...fields(random, situation) }
  }

const onNode =
  (name: string, among: (situation: ClusterSituation) => readonly string[], fields: (random: Random) => object): Draw =>
  (random, situation) => {
    const node = random.pick(among(situation))
    return node === undefined ? undefined : { do: name, node, ...fields(random) }
  }

const none = (): object => ({})

/**
 * Removes a machine, running or not. Not during a split: decisions on the removed machine's side would be void, so
 * nothing could be checked about them. At least two members remain.
 */
const removal: Draw = (random, situation) => {
  const { state, split, silent } = situation
  const known = situation.nodes.filter((node) => node in state.members && !situation.outside.has(node))
  const node = random.pick(known)
  const others = members(situation).filter((other) => other !== node)
  if (node === undefined || split || silent.size > 0 || known.length < 3 || others.length < 2) return undefined
  return { do: 'removeMember', node, via: random.pick(others) }
}

/** A split into two or three groups. */
const partition: Draw = (random, { nodes }) => {
  if (nodes.length < 2) return undefined
  const groups: string[][] = Array.from({ length: random.chance(0.8) ? 2 : 3 }, () => [])
  for (const node of nodes) random.pick(groups)?.push(node)
  const filled = groups.filter((group) => group.length > 0)
  return filled.length < 2 ? undefined : { do: 'partition', groups: filled }
}

/** Cuts or restores the connection between two machines only. */
const pairwise =
  (name: 'cut' | 'mend'): Draw =>
  (random, { nodes }) => {
    const ends = pair(random, nodes)
    return ends && { do: name, between: [ends.from, ends.to] }
  }

const network: Draw = (random) =>
  random.pick<object>([
    { do: 'network' },
    { do: 'network' },
    { do: 'network', loss: 0.2 },
    { do: 'network', loss: 0.05, delayMs: 20, jitterMs: 30 },
    { do: 'network', delayMs: 300, jitterMs: 200 },
    { do: 'network', duplication: 0.3 },
    { do: 'network', duplication: 0.1, loss: 0.1, delayMs: 40, jitterMs: 80 },
    { do: 'network', bytesPerSecond: random.integer(20, 200) * 1000 },
    { do: 'network', bytesPerSecond: random.integer(20, 200) * 1000, loss: 0.05, duplication: 0.05, delayMs: 20 },
  ])

/** A step of a system clock: small, as by drift, or by minutes or hours, as by a user or an empty battery. */
const clockStep = (random: Random): object => {
  const [least, most] = random.pick<[number, number]>([
    [10, 2000],
    [30_000, 120_000],
    [1_800_000, 7_200_000],
  ]) ?? [0, 0]
  return { byMs: (random.chance(0.5) ? 1 : -1) * random.integer(least, most) }
}

const diskFault = (random: Random): object =>
  random.pick<object>([
    { mode: 'slow', delayMs: random.integer(20, 400) },
    { mode: 'slow', delayMs: random.integer(1000, 6000) },
    { mode: 'hangs' },
    { mode: 'full' },
    { mode: 'refuses' },
  ]) ?? {}

const setting = (random: Random): object | undefined =>
  random.pick<object>([
    { key: 'maxRetries', value: random.integer(1, 5) },
    { key: 'name', value: random.pick(['Home', 'Studio', 'Lab']) },
  ])

const keyChange = (random: Random): object =>
  random.pick<object>([
    { name: random.pick(['phone', 'laptop', 'ci']) },
    { limits: { concurrent: random.integer(1, 9) } },
    { limits: { requestsPerMinute: random.integer(1, 600) }, name: 'shared' },
    { limits: null },
  ]) ?? {}

const onKey =
  (fields: (random: Random) => object): Draw =>
  (random, situation) => {
    const id = random.pick(Object.keys(situation.state.apiKeys))
    return id === undefined ? undefined : { id, ...via(random, situation), ...fields(random) }
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
    12,
    (random, situation) =>
      Object.keys(situation.state.metaInstances).length >= MAX_DECLARED
        ? undefined
        : {
            do: 'createMetaInstance',
            id: situation.nextName('meta-instance'),
            ...declaration(random, situation),
            ...via(random, situation),
          },
  ],
  [
    5,
    (random, situation) =>
      Object.keys(situation.state.metaInstances).length >= MAX_DECLARED
        ? undefined
        : {
            do: 'createMetaInstance',
            id: situation.nextName('meta-instance'),
            ...onRequest(random),
            ...via(random, situation),
          },
  ],
  [2, onDeclared((random) => ({ do: 'updateMetaInstance', ...lifetime(random) }))],
  [4, onDeclared(() => ({ do: 'deleteMetaInstance' }))],
  [4, onDeclared((random, { nodes }) => ({ do: 'updateMetaInstance', ...change(random, nodes) }))],
  [1, onDeclared(() => ({ do: 'restartMetaInstance' }))],
  [
    1,
    (random, situation) => ({
      do: 'placeInstance',
      id: situation.nextName('instance'),
      ...constraints(random, situation),
      ...via(random, situation),
    }),
  ],
  [
    1,
    (random, situation) => {
      const id = random.pick(Object.keys(situation.state.instances))
      return id === undefined ? undefined : { do: 'deleteInstance', id, ...via(random, situation) }
    },
  ],
  [4, onRunner((random) => ({ do: 'failRunner', error: random.pick(errors), only: random.chance(0.2) }))],
  [
    3,
    (random, situation) => {
      const target = owner(random, situation)
      if (!target) return undefined
      const id = situation.nextName('task')
      return { do: 'startTask', id, ...target, durationMs: random.integer(0, 20_000), ...via(random, situation) }
    },
  ],
  [5, partition],
  [7, (_random, { split }) => (split ? { do: 'heal' } : undefined)],
  [3, pairwise('cut')],
  [3, pairwise('mend')],
  [4, onNode('crashNode', up, (random) => ({ torn: random.chance(0.5) }))],
  [6, onNode('restartNode', ({ down }) => [...down], none)],
  [1, () => ({ do: 'crashMaster' })],
  [3, onNode('sleep', up, (random) => ({ announced: random.chance(0.5), clockStands: random.chance(0.3) }))],
  [5, onNode('wake', ({ asleep }) => [...asleep], none)],
  [2, onNode('removeNode', up, none)],
  [2, onNode('silence', (situation) => up(situation).filter((node) => !situation.silent.has(node)), none)],
  [4, onNode('resume', ({ silent }) => [...silent], none)],
  [4, network],
  [4, onNode('setClock', ({ nodes }) => nodes, clockStep)],
  [3, onNode('disk', (situation) => up(situation).filter((node) => !situation.faultyDisks.has(node)), diskFault)],
  [
    5,
    onNode(
      'disk',
      ({ faultyDisks }) => [...faultyDisks],
      () => ({ mode: 'sound' }),
    ),
  ],
  [2, (random, situation) => ({ do: 'changeSetting', change: setting(random), ...via(random, situation) })],
  [
    2,
    (random, situation) => ({
      ...{ do: 'createApiKey', id: situation.nextName('key'), name: random.pick(['phone', 'laptop', 'ci']) },
      ...via(random, situation),
    }),
  ],
  [2, onKey((random) => ({ do: 'updateApiKey', changes: keyChange(random) }))],
  [1, onKey(() => ({ do: 'revokeApiKey' }))],
  [
    2,
    (random, situation) => ({
      ...{ do: 'renameMember', node: random.pick(situation.nodes) },
      friendlyName: random.pick(['Mac mini', 'Studio', 'Lab', 'Kitchen']),
      ...via(random, situation),
    }),
  ],
  [
    1,
    (random, situation) => ({
      ...{ do: 'drainMember', node: random.pick(situation.nodes), drained: random.chance(0.3) },
      ...via(random, situation),
    }),
  ],
  [2, removal],
  [
    6,
    (random, situation) => {
      const node = random.pick([...situation.outside])
      return node === undefined ? undefined : { do: 'admitMember', node, ...via(random, situation) }
    },
  ],
  [
    1,
    onNode(
      'setMemory',
      ({ nodes }) => nodes,
      (random) => ({ ramAvailable: random.integer(2, 64) * GB }),
    ),
  ],
  [2, unplugCable],
  [3, plugCable],
  [
    1,
    (random) => ({ do: 'modelCard', modelId: random.pick(modelIds), mode: random.pick(['ok', 'ok', 'error', 'hang']) }),
  ],
]
const total = draws.reduce((sum, [weight]) => sum + weight, 0)

/** Steps that make all machines run and reach one another again. */
export const healing = ({ down, asleep, silent, faultyDisks }: ClusterSituation): object[] => [
  { do: 'network' },
  { do: 'heal' },
  ...[...faultyDisks].map((node) => ({ do: 'disk', node, mode: 'sound' })),
  ...[...silent].map((node) => ({ do: 'resume', node })),
  ...[...asleep].map((node) => ({ do: 'wake', node })),
  ...[...down].map((node) => ({ do: 'restartNode', node })),
]

/** The next step of a random schedule. */
export const drawClusterStep = (random: Random, situation: ClusterSituation, now: number): Step => {
  const at = now + pause(random)
  for (;;) {
    let left = random.next() * total
    const [, draw] = draws.find(([weight]) => (left -= weight) < 0) ?? []
    const step = draw?.(random, situation)
    if (step) return Step.parse({ at, ...step })
  }
}
