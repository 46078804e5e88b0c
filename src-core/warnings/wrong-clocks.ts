import { nodeName } from '../state/bindings'
import { coded } from '../texts/coded'
import type { Detector } from './warning'

const MINUTE_MS = 60_000

/** Warns about machines whose system clock is wrong. The leader reports them: it hears the clocks of all others. */
export const wrongClockDetector: Detector = (state) => {
  const { masterNodeId, nodes } = state
  const found = masterNodeId === undefined ? [] : (nodes[masterNodeId]?.wrongClocks ?? [])
  return found
    .filter(({ nodeId }) => nodeId in state.members)
    .map(({ nodeId, aheadMs }) => {
      const name = nodeName(state, nodeId)
      const much = Math.abs(aheadMs)
      const by =
        much < MINUTE_MS
          ? { unit: 's' as const, amount: String(Math.round(much / 1000)) }
          : { unit: 'min' as const, amount: String(Math.round(much / MINUTE_MS)) }
      return {
        id: `wrong-clock ${nodeId}`,
        code: 'wrong-clock',
        severity: 'warning',
        title: coded(aheadMs > 0 ? 'doctor.clock.ahead' : 'doctor.clock.behind', { name, ...by }),
        cause: coded('doctor.clock.why'),
        fix: [{ text: coded('doctor.clock.todo', { name }) }],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      }
    })
}
