import { nodeName } from '../state/bindings'
import type { Family } from './warning'

/** A machine that lacks what running models takes. */
export const cannotRunFamily: Family = (state) =>
  Object.values(state.nodes).flatMap(({ nodeId, cannotRun }) =>
    cannotRun === undefined
      ? []
      : [
          {
            id: `cannot-run ${nodeId} ${cannotRun}`,
            code: 'cannot-run',
            severity: 'warning',
            title: `${nodeName(state, nodeId)} can’t run models.`,
            cause: cannotRun,
            fix: [
              {
                text: `Put right on ${nodeName(state, nodeId)} what is named above, then start Muster there again: it looks for what it needs when it starts.`,
              },
            ],
            subject: { kind: 'node', nodeId },
            nodeIds: [nodeId],
          },
        ],
  )
