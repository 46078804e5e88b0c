import { nodeName } from '../state/bindings'
import { coded } from '../texts/coded'
import { cabledPairs, endsWith, namedPort } from './cables'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Warns about cables to members in the Mac Studio port that does no RDMA although macOS lists a device for it. */
export const studioPortDetector: Detector = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap((pair): DetectedWarning[] => {
    const { nodeIds } = pair
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined) return []
    return endsWith(pair, 'studio_port').map((end): DetectedWarning => {
      const other = nodeIds[0] === end.nodeId ? nodeIds[1] : nodeIds[0]
      const name = nodeName(state, end.nodeId)
      return {
        id: `studio-port ${end.nodeId}`,
        code: 'studio-port',
        severity,
        title: coded('alerts.studio.title', { name }),
        cause: coded('alerts.studio.cause', {
          other: nodeName(state, other),
          receptacle: end.port.receptacle,
          port: end.port.interfaceName ?? '?',
        }),
        fix: [{ text: coded('alerts.studio.move', { name }) }],
        subject: { kind: 'link', nodeIds },
        nodeIds: [end.nodeId],
        picture: { kind: 'studio', port: namedPort(end) },
      }
    })
  })
}
