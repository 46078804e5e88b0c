import { nodeName } from '../state/bindings'
import { faultText } from '../state/declaration-faults'
import { clauses, coded } from '../texts/coded'
import type { Detector } from './warning'

/** Warns about declaration files in a watched folder that are not applied. */
export const declarationFileDetector: Detector = (state) =>
  Object.values(state.nodes).flatMap(({ nodeId, declarationFaults }) => {
    if (declarationFaults === undefined) return []
    const { folder, faults, count } = declarationFaults
    const name = nodeName(state, nodeId)
    const texts = faults.map(faultText)
    const more = count - faults.length
    return [
      {
        id: `declaration-files ${nodeId} ${folder} ${count} ${texts.join('; ')}`,
        code: 'declaration-files',
        severity: 'warning',
        title: coded('alerts.files.title', { name }),
        cause: coded('alerts.files.cause', {
          folder,
          faults: clauses(...texts, ...(more > 0 ? [coded('alerts.files.more', { count: more })] : [])),
        }),
        fix: [
          { text: coded('alerts.files.correct', { folder, name }) },
          { text: coded('alerts.files.check', { command: 'muster diff -f' }) },
        ],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })
