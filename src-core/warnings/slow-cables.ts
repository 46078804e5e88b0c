import { cableGbps, isThroughDock } from '../rdma/cables'
import { RDMA_GBPS } from '../rdma/machine'
import { cabledPairs, namedPort } from './cables'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** What joins two Macs gives half of what both could: an older cable, or a dock. */
export const slowCableFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap(({ nodeIds, cables, reasons }): Found[] => {
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined || !reasons.some(({ code }) => code === 'cable_speed')) return []
    const [slow, ...others] = cables.filter((cable) => (cableGbps(cable) ?? RDMA_GBPS) < RDMA_GBPS)
    if (!slow) return []
    const between = namesOf(state, nodeIds)
    const several = others.length > 0
    const throughDock = isThroughDock(slow)
    return [
      {
        id: `slow-cable ${nodeIds.join(' ')}`,
        code: 'slow-cable',
        severity,
        title: `The ${several ? 'cables' : 'cable'} between ${between} only ${several ? 'give' : 'gives'} Thunderbolt 4 speed.`,
        cause: `Both Macs have Thunderbolt 5 (${RDMA_GBPS} Gb/s), but the link runs at ${cableGbps(slow)} Gb/s${throughDock ? ', through a dock' : ''}. RDMA needs Thunderbolt 5.`,
        fix: [
          throughDock
            ? { text: `Join ${between} directly, without the dock, by a Thunderbolt 5 cable.` }
            : {
                text: `Use a Thunderbolt 5 cable between ${between}: its plugs are marked with a lightning bolt and a 5.`,
              },
          {
            text: `If it is one, unplug it and plug it in again at both ends. In Terminal, “Speed” should then say ${RDMA_GBPS} Gb/s:`,
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
