import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import type { State } from '../state/state'
import { coded } from '../texts/coded'
import { clockDifference } from '../time/clock-difference'
import type { Detector } from './warning'

/**
 * Warns about machines whose system clock is wrong. The leader reports them: it hears the clocks of all others. Of two
 * machines nobody can tell which one is right.
 */
export const wrongClockDetector: Detector = (state) => {
  const leader = state.masterNodeId
  if (leader === undefined) return []
  const found = (state.nodes[leader]?.wrongClocks ?? []).filter(({ nodeId }) => nodeId in state.members)
  const isPair = Object.keys(state.nodes).length === 2
  return found.map(({ nodeId, aheadMs }) => {
    const nodeIds = isPair ? [nodeId, leader] : [nodeId]
    return {
      id: `wrong-clock ${nodeId}`,
      code: 'wrong-clock',
      severity: 'warning',
      title: isPair ? differ(state, [nodeId, leader], aheadMs) : isOff(state, nodeId, aheadMs),
      cause: coded('doctor.clock.why'),
      fix: nodeIds.map((one) => ({ text: coded('doctor.clock.todo', { name: nodeName(state, one) }) })),
      subject: { kind: 'node', nodeId },
      nodeIds,
    }
  })
}

const isOff = (state: State, nodeId: NodeId, aheadMs: number) =>
  coded(aheadMs > 0 ? 'doctor.clock.ahead' : 'doctor.clock.behind', {
    name: nodeName(state, nodeId),
    ...clockDifference(aheadMs),
  })

const differ = (state: State, [one, other]: readonly [NodeId, NodeId], aheadMs: number) =>
  coded('alerts.clocks.differ', {
    one: nodeName(state, one),
    other: nodeName(state, other),
    ...clockDifference(aheadMs),
  })
