import { namedPort } from './bridged-ports'
import { byPair, cables, joinsThunderbolt5, THUNDERBOLT_5_GBPS } from './cables'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** Both machines have Thunderbolt 5, and what joins them gives half of it: an older cable, or a dock. */
export const slowCableFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  const slow = cables(state).filter(
    (cable) => joinsThunderbolt5(cable) && cable.gbps !== undefined && cable.gbps < THUNDERBOLT_5_GBPS,
  )
  return byPair(slow).flatMap(([first, ...others]): Found[] => {
    if (!first) return []
    const severity = wantedBetween(wanted, first.nodeIds)
    if (severity === undefined) return []
    const { ends, nodeIds, throughDock } = first
    const between = namesOf(state, nodeIds)
    const several = others.length > 0
    return [
      {
        id: `slow-cable ${nodeIds.join(' ')}`,
        code: 'slow-cable',
        severity,
        title: `The ${several ? 'cables' : 'cable'} between ${between} only ${several ? 'give' : 'gives'} Thunderbolt 4 speed.`,
        cause: `Both Macs have Thunderbolt 5 (80 Gb/s), but the link runs at ${first.gbps} Gb/s${throughDock ? ', through a dock' : ''}. RDMA needs Thunderbolt 5.`,
        fix: [
          throughDock
            ? { text: `Join ${between} directly, without the dock, by a Thunderbolt 5 cable.` }
            : {
                text: `Use a Thunderbolt 5 cable between ${between}: its plugs are marked with a lightning bolt and a 5.`,
              },
          {
            text: `If it is one, unplug it and plug it in again at both ends. In Terminal, “Speed” should then say 80 Gb/s:`,
            commands: ['system_profiler SPThunderboltDataType'],
          },
        ],
        subject: { kind: 'link', nodeIds: [nodeIds[0], nodeIds[1]] },
        nodeIds: [...nodeIds],
        picture: { kind: 'cable', ends: [namedPort(ends[0]), namedPort(ends[1])] },
      },
    ]
  })
}
