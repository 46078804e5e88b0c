import type { NodeId } from '../ids'
import { instancesOf, nodeName } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { edgesOf, isSocketEdge } from '../state/topology'
import { cables } from './cables'
import { declarationName } from './names'
import { jacclDeclarations } from './rdma-wanted'
import type { Family, Found } from './warning'

const pairKey = (a: NodeId, b: NodeId): string => [a, b].sort().join(' ')

/** Pairs that a cable or an RDMA connection joins. */
const joinedPairs = (state: State): ReadonlySet<string> =>
  new Set([
    ...cables(state).map(({ nodeIds: [a, b] }) => pairKey(a, b)),
    ...edgesOf(state.topology)
      .filter((edge) => !isSocketEdge(edge))
      .map(({ from, to }) => pairKey(from, to)),
  ])

const pairsOf = (nodeIds: readonly NodeId[]): [NodeId, NodeId][] =>
  nodeIds.flatMap((a, at) => nodeIds.slice(at + 1).map((b): [NodeId, NodeId] => [a, b]))

/**
 * The machines meant: those it names, else all that any cable joins. What has an instance has its pairs,
 * and a machine that is away says nothing about its cables.
 */
const meant = (state: State, { metaInstanceId, nodeIds }: MetaInstance): readonly NodeId[] => {
  if (instancesOf(state, metaInstanceId).length > 0) return []
  if (nodeIds) return nodeIds.every((nodeId) => nodeId in state.nodes) ? nodeIds : []
  const cabled = new Set(cables(state).flatMap((cable) => cable.nodeIds))
  return Object.values(state.nodes)
    .map(({ nodeId }) => nodeId)
    .filter((nodeId) => cabled.has(nodeId))
}

/** JACCL speaks from every machine to every other: a chain or a star of cables is not enough. */
export const missingPairFamily: Family = (state) => {
  const joined = joinedPairs(state)
  const found = new Map<string, Found>()
  for (const metaInstance of jacclDeclarations(state)) {
    const pairs = pairsOf(meant(state, metaInstance))
    const missing = pairs.filter(([a, b]) => !joined.has(pairKey(a, b)))
    if (missing.length === 0 || missing.length === pairs.length) continue
    const id = `missing-pairs ${missing.map(([a, b]) => pairKey(a, b)).join(', ')}`
    if (found.has(id)) continue
    const texts = missing.map(([a, b]) => `${nodeName(state, a)} and ${nodeName(state, b)}`)
    const { metaInstanceId } = metaInstance
    found.set(id, {
      id,
      code: 'missing-pairs',
      severity: 'warning',
      title: `${missing.length === 1 ? 'One pair of Macs lacks' : `${missing.length} pairs of Macs lack`} the cable that RDMA needs.`,
      cause: `RDMA goes from every Mac to every other. For ${declarationName(metaInstance)} there is no cable between ${texts.join('; ')}.`,
      fix: [
        ...texts.map((text) => ({ text: `Join ${text} by a Thunderbolt 5 cable.` })),
        { text: 'Or let the model use fewer machines, or a ring: in its menu choose Change….' },
      ],
      subject: { kind: 'metaInstance', metaInstanceId },
      nodeIds: [...new Set(missing.flat())],
    })
  }
  return [...found.values()]
}
