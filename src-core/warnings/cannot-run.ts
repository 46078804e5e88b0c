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
                text: `Open Muster on ${nodeName(state, nodeId)} and choose Settings → Set up…: its step for the machine installs what is missing, and shows how that gets on.`,
              },
            ],
            subject: { kind: 'node', nodeId },
            nodeIds: [nodeId],
          },
        ],
  )
