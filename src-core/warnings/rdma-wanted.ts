import type { NodeId } from '../ids'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { cablesAmong } from '../rdma/index'
import { joinsThunderbolt5, nodeIdsOf } from './cables'
import type { Severity } from './warning'

/** Declarations with RDMA that are not paused. */
export const jacclDeclarations = (state: State): MetaInstance[] =>
  Object.values(state.metaInstances).filter(({ instanceMeta, paused }) => instanceMeta === 'MlxJaccl' && !paused)

/** Machines named for RDMA: by a declaration, or because an instance is placed on them. */
export const namedForRdma = (state: State): ReadonlySet<NodeId> =>
  new Set([
    ...jacclDeclarations(state).flatMap(({ nodeIds }) => nodeIds ?? []),
    ...Object.values(state.instances)
      .filter(({ instanceMeta }) => instanceMeta === 'MlxJaccl')
      .flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId)),
  ])

/**
 * Returns the machines on which RDMA matters, and how much; others get no advice on setting it up:
 *
 * - `warning` on machines named for RDMA and, while a declaration leaves the choice open, on every machine with a
 *   Thunderbolt 5 cable (both ends) to another member;
 * - `hint` on machines with such a cable while nothing requests RDMA: they could use it;
 * - absent for all others: a cluster on Ethernet, Wi-Fi or Thunderbolt 4 gets no RDMA warnings.
 */
export const rdmaWanted = (state: State): ReadonlyMap<NodeId, Severity> => {
  const open = jacclDeclarations(state).some(({ nodeIds }) => nodeIds === undefined)
  const cabled = cablesAmong(state).filter(joinsThunderbolt5).flatMap(nodeIdsOf)
  const wanted = new Map<NodeId, Severity>(cabled.map((nodeId) => [nodeId, open ? 'warning' : 'hint']))
  for (const nodeId of namedForRdma(state)) wanted.set(nodeId, 'warning')
  return wanted
}

/** Returns how much RDMA matters between two machines; undefined if it does not. */
export const wantedBetween = (
  wanted: ReadonlyMap<NodeId, Severity>,
  [a, b]: readonly [NodeId, NodeId],
): Severity | undefined => {
  const both = [wanted.get(a), wanted.get(b)]
  if (both.includes(undefined)) return undefined
  return both.every((severity) => severity === 'warning') ? 'warning' : 'hint'
}
