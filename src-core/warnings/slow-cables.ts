import { cableGbps, isThroughDock, RDMA_GBPS } from '../rdma/index'
import { coded } from '../texts/coded'
import { cabledPairs, namedPort } from './cables'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Warns about connections at half the speed that both Macs support: an older cable, or a dock. */
export const slowCableDetector: Detector = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap(({ nodeIds, cables, reasons }): DetectedWarning[] => {
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined || !reasons.some(({ code }) => code === 'cable_speed')) return []
    const [slow, ...others] = cables.filter((cable) => (cableGbps(cable) ?? RDMA_GBPS) < RDMA_GBPS)
    if (!slow) return []
    const names = namesOf(state, nodeIds)
    const gbps = cableGbps(slow) ?? 0
    const throughDock = isThroughDock(slow)
    return [
      {
        id: `slow-cable ${nodeIds.join(' ')}`,
        code: 'slow-cable',
        severity,
        title: coded('alerts.slow.title', { count: 1 + others.length, names }),
        cause: coded(throughDock ? 'alerts.slow.causeDock' : 'alerts.slow.cause', { best: RDMA_GBPS, gbps }),
        fix: [
          { text: coded(throughDock ? 'alerts.slow.direct' : 'alerts.slow.cable', { names }) },
          {
            text: coded('alerts.slow.replug', { best: RDMA_GBPS }),
            commands: ['system_profiler SPThunderboltDataType'],
          },
        ],
        subject: { kind: 'link', nodeIds },
        nodeIds: [...nodeIds],
        picture: { kind: 'cable', ends: [namedPort(slow.here), namedPort(slow.there)] },
      },
    ]
  })
}
