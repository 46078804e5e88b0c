import type { Observation } from '../events/event'
import type { NodeId } from '../ids'
import { isRehearsalDevice, rehearsalDevice } from '../state/rehearsal'
import type { State } from '../state/state'
import { carriesRing, edgeKey, edgesOf, isSocketEdge, type RdmaEdge } from '../state/topology'

/**
 * Returns the changes that bring this node's rehearsal edges up to date: while it rehearses, one to every machine that
 * a ring can reach; otherwise none. Level-triggered, as for probes.
 */
export const rehearsalReports = (
  state: State,
  self: NodeId,
  { rehearses }: { readonly rehearses: boolean },
): Observation[] => {
  const own = edgesOf(state.topology).filter(({ from }) => from === self)
  const wanted = new Map<string, RdmaEdge>()
  if (rehearses)
    for (const { to } of own.filter(carriesRing)) {
      const edge = { from: self, to, fromInterface: rehearsalDevice(to), toInterface: rehearsalDevice(self) }
      wanted.set(edgeKey(edge), edge)
    }
  const events: Observation[] = []
  for (const edge of own) {
    if (isSocketEdge(edge) || !isRehearsalDevice(edge.fromInterface)) continue
    if (!wanted.delete(edgeKey(edge))) events.push({ type: 'TopologyEdgeDeleted', edge })
  }
  for (const edge of wanted.values()) events.push({ type: 'TopologyEdgeCreated', edge })
  return events
}
