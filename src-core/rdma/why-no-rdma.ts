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

/** Reasons about an end that are only consequences if its machine has no RDMA at all. */
const CONSEQUENCES: ReadonlySet<RdmaReason['code']> = new Set(['no_device', 'port_down', 'no_address', 'unhealthy'])

/** Reasons that make cables irrelevant: the machine can never have RDMA, or nothing is known of it. */
const CONCLUSIVE: ReadonlySet<RdmaReason['code']> = new Set(['offline', 'not_a_mac', 'thunderbolt_4', 'not_read'])

/** Returns what keeps the cables between two machines from RDMA; of several cables, the one with the fewest reasons. */
const reasonsOfCables = (state: State, a: NodeId, b: NodeId): RdmaReason[] | undefined => {
  const [here, there] = [state.nodes[a], state.nodes[b]]
  if (!here || !there) return undefined
  const [best] = cablesBetween(here, there)
    .map((cable) => cableReasons(state, cable))
    .sort((one, other) => one.length - other.length)
  return best
}

/** Pairs joined by RDMA, in both directions. */
const joinedPairs = (state: State): ReadonlySet<string> =>
  new Set(mirroredRdmaEdges(edgesOf(state.topology)).map(({ from, to }) => `${from}>${to}`))

/**
 * Returns why two machines have no RDMA between them, most fundamental first; empty if they have it. Each reason has a
 * code, its machine and interface, and a text for people, so that refusals, the launch form and warnings can share it.
 * Of several cables, only the one with the fewest reasons counts; `cablesBetween` and `cableReasons` give all. A
 * machine's reason hides its consequences: while RDMA is disabled on one Mac, no port at either end is active.
 */
export const whyNoRdma = (state: State, a: NodeId, b: NodeId): RdmaReason[] =>
  joinedPairs(state).has(`${a}>${b}`) ? [] : reasonsOf(state, a, b)

const reasonsOf = (state: State, a: NodeId, b: NodeId): RdmaReason[] => {
  const machines = [a, b].flatMap((nodeId) => machineReason(state, nodeId) ?? [])
  if (machines.some(({ code }) => CONCLUSIVE.has(code))) return machines
  const names = { a: nodeName(state, a), b: nodeName(state, b) }
  const cables = reasonsOfCables(state, a, b) ?? [rdmaReason('no_cable', coded('rdma.noCable', names))]
  if (machines.length > 0) return [...machines, ...cables.filter(({ code }) => !CONSEQUENCES.has(code))]
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

/** `26.5.1 (25F80)`; undefined if the machine reports no version. */
export const macosOf = ({ os: { version, build } }: Pick<Node, 'os'>): string | undefined =>
  version === undefined ? undefined : [version, ...(build === undefined ? [] : [`(${build})`])].join(' ')

/**
 * Returns what may fail between two machines that RDMA joins: drivers of different macOS versions may be incompatible.
 */
export const rdmaRisks = (state: State, a: NodeId, b: NodeId): RdmaReason[] => {
  const [one, other] = [state.nodes[a], state.nodes[b]]
  if (one?.os.version === undefined || other?.os.version === undefined) return []
  const builds = [one.os.build ?? other.os.build, other.os.build ?? one.os.build]
  if (one.os.version === other.os.version && builds[0] === builds[1]) return []
  const names = { a: nodeName(state, a), b: nodeName(state, b) }
  const versions = { versionA: macosOf(one) ?? '', versionB: macosOf(other) ?? '' }
  return [rdmaReason('versions_differ', coded('rdma.versionsDiffer', { ...names, ...versions }))]
}

/** Longer lists are cut: nobody reads more pairs than this. */
const MAX_PAIRS = 45

/** Returns the pairs without RDMA, with their reasons; at most `MAX_PAIRS`. */
export const pairsWithoutRdma = (state: State, nodeIds: readonly NodeId[]): MissingRdma[] => {
  const joined = joinedPairs(state)
  const missing: MissingRdma[] = []
  for (const [at, a] of nodeIds.entries()) {
    for (const b of nodeIds.slice(at + 1)) {
      if (missing.length === MAX_PAIRS) return missing
      if (!joined.has(`${a}>${b}`)) missing.push({ nodeIds: [a, b], reasons: reasonsOf(state, a, b) })
    }
  }
  return missing
}
