import type { NodeId } from '../ids'
import { type Cable, type CableEnd, cablesAmong, endsOf, isThunderbolt5, whyNoRdma } from '../rdma/index'
import type { RdmaReason, RdmaReasonCode } from '../state/rdma'
import type { State } from '../state/state'
import type { NamedPort } from './warning'

export const nodeIdsOf = ({ here, there }: Cable): [NodeId, NodeId] => [here.nodeId, there.nodeId]

/** Whether both ends support what RDMA needs, whatever the cable carries. */
export const joinsThunderbolt5 = (cable: Cable): boolean => endsOf(cable).every(({ port }) => isThunderbolt5(port))

export const namedPort = ({ nodeId, port: { receptacle, interfaceName } }: CableEnd): NamedPort => ({
  nodeId,
  receptacle,
  ...(interfaceName !== undefined && { interfaceName }),
})

/** Two members with all cables between them, and why these carry no RDMA, as placement sees it. */
export interface CabledPair {
  readonly nodeIds: [NodeId, NodeId]
  readonly cables: readonly [Cable, ...Cable[]]
  readonly reasons: readonly RdmaReason[]
}

const findPairs = (state: State): readonly CabledPair[] => {
  const pairs = new Map<string, [Cable, ...Cable[]]>()
  for (const cable of cablesAmong(state)) {
    const key = nodeIdsOf(cable).join(' ')
    const known = pairs.get(key)
    if (known) known.push(cable)
    else pairs.set(key, [cable])
  }
  return [...pairs.values()].map((cables) => {
    const nodeIds = nodeIdsOf(cables[0])
    return { nodeIds, cables, reasons: whyNoRdma(state, ...nodeIds) }
  })
}

interface Found {
  readonly from: Pick<State, 'topology' | 'members'>
  readonly pairs: readonly CabledPair[]
}

/**
 * Cached, because every kind of warning uses the pairs. By the families that they come from: the app's state is always
 * the same object, with other families.
 */
const found = new WeakMap<State['nodes'], Found>()

export const cabledPairs = (state: State): readonly CabledPair[] => {
  const { nodes, topology, members } = state
  const known = found.get(nodes)
  if (known?.from.topology === topology && known.from.members === members) return known.pairs
  const pairs = findPairs(state)
  found.set(nodes, { from: { topology, members }, pairs })
  return pairs
}

/** Returns the ends of a pair's cables that a reason applies to; the reasons concern only one of several cables. */
export const endsWith = ({ cables, reasons }: CabledPair, code: RdmaReasonCode): readonly CableEnd[] => {
  const matching = reasons.filter((reason) => reason.code === code)
  return cables
    .flatMap(endsOf)
    .filter(({ nodeId, port }) =>
      matching.some((reason) => reason.nodeId === nodeId && reason.interfaceName === port.interfaceName),
    )
}
