import type { NodeId } from '../ids'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { cablesAmong } from '../rdma/cables'
import { joinsThunderbolt5, nodeIdsOf } from './cables'
import type { Severity } from './warning'

/** Declarations that ask for RDMA and are not paused. */
export const jacclDeclarations = (state: State): MetaInstance[] =>
  Object.values(state.metaInstances).filter(({ instanceMeta, paused }) => instanceMeta === 'MlxJaccl' && !paused)

/** Machines that RDMA was asked of by name: a declaration names them, or an instance is placed on them. */
export const namedForRdma = (state: State): ReadonlySet<NodeId> =>
  new Set([
    ...jacclDeclarations(state).flatMap(({ nodeIds }) => nodeIds ?? []),
    ...Object.values(state.instances)
      .filter(({ instanceMeta }) => instanceMeta === 'MlxJaccl')
      .flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId)),
  ])

/**
 * Where RDMA matters, and how much. A hint about setting it up is given for no other machine:
 *
 * - `warning` on machines that RDMA was asked of by name, and, while a declaration leaves the choice open,
 *   on every machine with a cable to another member whose both ends are Thunderbolt 5;
 * - `hint` on machines with such a cable while nobody asks for RDMA: they could have it;
 * - nothing elsewhere: a cluster on Ethernet, Wi-Fi or Thunderbolt 4 never hears of it.
 */
export const rdmaWanted = (state: State): ReadonlyMap<NodeId, Severity> => {
  const open = jacclDeclarations(state).some(({ nodeIds }) => nodeIds === undefined)
  const cabled = cablesAmong(state).filter(joinsThunderbolt5).flatMap(nodeIdsOf)
  const wanted = new Map<NodeId, Severity>(cabled.map((nodeId) => [nodeId, open ? 'warning' : 'hint']))
  for (const nodeId of namedForRdma(state)) wanted.set(nodeId, 'warning')
  return wanted
}

/** How much RDMA matters between two machines; undefined where it does not. */
export const wantedBetween = (
  wanted: ReadonlyMap<NodeId, Severity>,
  [a, b]: readonly [NodeId, NodeId],
): Severity | undefined => {
  const both = [wanted.get(a), wanted.get(b)]
  if (both.includes(undefined)) return undefined
  return both.every((severity) => severity === 'warning') ? 'warning' : 'hint'
}
