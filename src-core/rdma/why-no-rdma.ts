import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { Node } from '../state/nodes'
import type { MissingRdma, RdmaReason } from '../state/rdma'
import type { State } from '../state/state'
import { edgesOf } from '../state/topology'
import { coded } from '../texts/coded'
import { cableReasons } from './cable-reasons'
import { cablesBetween } from './cables'
import { mirroredRdmaEdges, rdmaEdgesFrom } from './edges'
import { machineReason } from './machine'
import { rdmaReason } from './reason'

/** Reasons that only say that an end has not been set up where its machine has no RDMA in the first place. */
const FOLLOWS_FROM_MACHINE: ReadonlySet<RdmaReason['code']> = new Set([
  'no_device',
  'port_down',
  'no_address',
  'unhealthy',
])

/** Of a machine that never will have RDMA, or of which nothing is known, cables need not be spoken of. */
const IS_ALL_TO_SAY: ReadonlySet<RdmaReason['code']> = new Set(['offline', 'not_a_mac', 'thunderbolt_4', 'not_read'])

/** What keeps the cables between two machines from RDMA: of several cables the one that lacks least. */
const reasonsOfCables = (state: State, a: NodeId, b: NodeId): RdmaReason[] | undefined => {
  const [here, there] = [state.nodes[a], state.nodes[b]]
  if (!here || !there) return undefined
  const [best] = cablesBetween(here, there)
    .map((cable) => cableReasons(state, cable))
    .sort((one, other) => one.length - other.length)
  return best
}

/** Pairs that RDMA joins, both ways round. */
const joinedPairs = (state: State): ReadonlySet<string> =>
  new Set(mirroredRdmaEdges(edgesOf(state.topology)).map(({ from, to }) => `${from}>${to}`))

/**
 * Why two machines have no RDMA between them, most fundamental first; none where they have. Each reason has a code,
 * the machine and interface it is about, and a text for people, so this serves a refusal, the launch form and
 * warnings alike. Of several cables only the one that lacks least is spoken of; `cablesBetween` and `cableReasons` give
 * all. What a machine lacks hides what follows from it: while RDMA is off on one Mac no port of either is active.
 */
export const whyNoRdma = (state: State, a: NodeId, b: NodeId): RdmaReason[] =>
  joinedPairs(state).has(`${a}>${b}`) ? [] : reasonsOf(state, a, b)

const reasonsOf = (state: State, a: NodeId, b: NodeId): RdmaReason[] => {
  const machines = [a, b].flatMap((nodeId) => machineReason(state, nodeId) ?? [])
  if (machines.some(({ code }) => IS_ALL_TO_SAY.has(code))) return machines
  const names = { a: nodeName(state, a), b: nodeName(state, b) }
  const cables = reasonsOfCables(state, a, b) ?? [rdmaReason('no_cable', coded('rdma.noCable', names))]
  if (machines.length > 0) return [...machines, ...cables.filter(({ code }) => !FOLLOWS_FROM_MACHINE.has(code))]
  if (cables.length > 0) return cables
  const ways = [
    [a, b],
    [b, a],
  ] as const
  const reached = ways.every(([from, to]) => rdmaEdgesFrom(state, from).some((edge) => edge.to === to))
  return [
    reached
      ? rdmaReason('not_reported', coded('rdma.notReported', names))
      : rdmaReason('not_connected', coded('rdma.notConnected', names)),
  ]
}

/** `26.5.1 (25F80)`; undefined where a machine does not say. */
export const macosOf = ({ os: { version, build } }: Pick<Node, 'os'>): string | undefined =>
  version === undefined ? undefined : [version, ...(build === undefined ? [] : [`(${build})`])].join(' ')

/** What may go wrong between two machines although RDMA joins them: drivers of different versions do not always agree. */
export const rdmaDoubts = (state: State, a: NodeId, b: NodeId): RdmaReason[] => {
  const [one, other] = [state.nodes[a], state.nodes[b]]
  if (one?.os.version === undefined || other?.os.version === undefined) return []
  const builds = [one.os.build ?? other.os.build, other.os.build ?? one.os.build]
  if (one.os.version === other.os.version && builds[0] === builds[1]) return []
  const names = { a: nodeName(state, a), b: nodeName(state, b) }
  const versions = { versionA: macosOf(one) ?? '', versionB: macosOf(other) ?? '' }
  return [rdmaReason('versions_differ', coded('rdma.versionsDiffer', { ...names, ...versions }))]
}

/** More pairs than these nobody reads. */
const MOST_PAIRS = 45

/** The pairs among some machines that have no RDMA, with the reasons. */
export const pairsWithoutRdma = (state: State, nodeIds: readonly NodeId[]): MissingRdma[] => {
  const joined = joinedPairs(state)
  const missing: MissingRdma[] = []
  for (const [at, a] of nodeIds.entries()) {
    for (const b of nodeIds.slice(at + 1)) {
      if (missing.length === MOST_PAIRS) return missing
      if (!joined.has(`${a}>${b}`)) missing.push({ nodeIds: [a, b], reasons: reasonsOf(state, a, b) })
    }
  }
  return missing
}
