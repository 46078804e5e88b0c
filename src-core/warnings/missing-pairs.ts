import type { NodeId } from '../ids'
import { instancesOf, nodeName } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { clauses, coded } from '../texts/coded'
import { whyNoRdma } from '../rdma/index'
import { cabledPairs } from './cables'
import { declarationName } from './names'
import { jacclDeclarations } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

const pairKey = (a: NodeId, b: NodeId): string => [a, b].sort().join(' ')

const pairsOf = (nodeIds: readonly NodeId[]): [NodeId, NodeId][] =>
  nodeIds.flatMap((a, at) => nodeIds.slice(at + 1).map((b): [NodeId, NodeId] => [a, b]))

/**
 * Returns the machines a declaration needs connected: those it names, else all that have a cable. None if it has an
 * instance, whose pairs are connected, or if a named machine is offline, as its cables are unknown.
 */
const targetMachines = (state: State, { metaInstanceId, nodeIds }: MetaInstance): readonly NodeId[] => {
  if (instancesOf(state, metaInstanceId).length > 0) return []
  if (nodeIds) return nodeIds.every((nodeId) => nodeId in state.nodes) ? nodeIds : []
  const cabled = new Set(cabledPairs(state).flatMap((pair) => pair.nodeIds))
  return Object.values(state.nodes)
    .map(({ nodeId }) => nodeId)
    .filter((nodeId) => cabled.has(nodeId))
}

/**
 * Warns about pairs without a cable: JACCL connects every pair of machines, so a chain or a star of cables does not
 * suffice.
 */
export const missingPairDetector: Detector = (state) => {
  const cabled = new Set(cabledPairs(state).map(({ nodeIds: [a, b] }) => pairKey(a, b)))
  const found = new Map<string, DetectedWarning>()
  for (const metaInstance of jacclDeclarations(state)) {
    const pairs = pairsOf(targetMachines(state, metaInstance))
    const without = pairs.map((pair) => ({ pair, reasons: whyNoRdma(state, ...pair) }))
    const missing = without
      .filter(({ reasons }) => reasons.some(({ code }) => code === 'no_cable'))
      .map(({ pair }) => pair)
    const isStarted = without.some(({ pair, reasons }) => reasons.length === 0 || cabled.has(pairKey(...pair)))
    if (missing.length === 0 || !isStarted) continue
    const id = `missing-pairs ${missing.map(([a, b]) => pairKey(a, b)).join(', ')}`
    if (found.has(id)) continue
    const named = missing.map(([a, b]) => ({ a: nodeName(state, a), b: nodeName(state, b) }))
    const { metaInstanceId } = metaInstance
    found.set(id, {
      id,
      code: 'missing-pairs',
      severity: 'warning',
      title: coded('alerts.pairs.title', { count: missing.length }),
      cause: coded('alerts.pairs.cause', {
        model: declarationName(metaInstance),
        pairs: clauses(...named.map((pair) => coded('alerts.pairs.pair', pair))),
      }),
      fix: [
        ...named.map((pair) => ({ text: coded('alerts.pairs.join', pair) })),
        { text: coded('alerts.pairs.fewer') },
      ],
      subject: { kind: 'metaInstance', metaInstanceId },
      nodeIds: [...new Set(missing.flat())],
    })
  }
  return [...found.values()]
}
