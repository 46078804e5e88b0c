import { nodeName } from '../state/bindings'
import { clauses, coded } from '../texts/coded'
import type { Detector } from './warning'

/** Warns about machines that cannot run models now. */
export const cannotRunDetector: Detector = (state) =>
  Object.values(state.nodes).flatMap(({ nodeId, cannotRun, cannotRunCoded }) =>
    cannotRun === undefined
      ? []
      : [
          {
            id: `cannot-run ${nodeId} ${cannotRun}`,
            code: 'cannot-run',
            severity: 'warning',
            title: coded('alerts.cannotRun.title', { name: nodeName(state, nodeId) }),
            cause: coded('alerts.cannotRun.cause', { reason: clauses(cannotRunCoded ?? cannotRun) }),
            fix: [{ text: coded('alerts.cannotRun.setUp', { name: nodeName(state, nodeId) }) }],
            subject: { kind: 'node', nodeId },
            nodeIds: [nodeId],
          },
        ],
  )
