import { machineReason, OLDEST_MACOS } from '../rdma/index'
import { nodeName } from '../state/bindings'
import { coded } from '../texts/coded'
import { rdmaWanted } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Steps to enable RDMA. */
export const ENABLE_RDMA: DetectedWarning['fix'] = [
  { text: coded('alerts.rdmaOff.shutDown') },
  { text: coded('alerts.rdmaOff.recovery') },
  { text: coded('alerts.rdmaOff.enable'), commands: ['rdma_ctl enable'] },
  { text: coded('alerts.rdmaOff.restart') },
  { text: coded('alerts.rdmaOff.check'), commands: ['rdma_ctl status'] },
]

/** Warns if RDMA is disabled, as it is on a new Mac, or unavailable, as on an older macOS. */
export const rdmaOffDetector: Detector = (state) =>
  [...rdmaWanted(state)].flatMap(([nodeId, severity]): DetectedWarning[] => {
    const node = state.nodes[nodeId]
    const reason = machineReason(state, nodeId)
    if (!node || !reason) return []
    const name = nodeName(state, nodeId)
    const where: Pick<DetectedWarning, 'subject' | 'nodeIds' | 'severity'> = {
      subject: { kind: 'node', nodeId },
      nodeIds: [nodeId],
      severity,
    }
    switch (reason.code) {
      case 'not_enabled':
        return [
          {
            ...where,
            id: `rdma-disabled ${nodeId}`,
            code: 'rdma-disabled',
            title: coded('alerts.rdmaOff.title', { name }),
            cause: coded('alerts.rdmaOff.cause'),
            fix: ENABLE_RDMA,
          },
        ]
      case 'macos_too_old':
      case 'unavailable':
        return [
          {
            ...where,
            id: `rdma-unavailable ${nodeId} ${node.os.version ?? node.os.name}`,
            code: 'rdma-unavailable',
            title: coded('alerts.noRdma.title', { name }),
            cause: coded(reason.code === 'unavailable' ? 'alerts.noRdma.causeNoTool' : 'alerts.noRdma.cause', {
              oldest: OLDEST_MACOS,
              name,
              os: node.os.name,
            }),
            fix: [{ text: coded('alerts.noRdma.update', { name }) }, { text: coded('alerts.noRdma.then') }],
          },
        ]
      // Other warnings cover these, or nothing can be done.
      default:
        return []
    }
  })
