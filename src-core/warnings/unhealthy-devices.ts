import { nodeName } from '../state/bindings'
import type { RdmaDevice } from '../state/rdma'
import type { State } from '../state/state'
import { deviceOf } from '../rdma/cable-reasons'
import { endsOf, type CableEnd } from '../rdma/cables'
import { cabledPairs, namedPort } from './cables'
import { isOutOfDomains } from './jaccl-text'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** The device of a cable's end, where it is unhealthy. One without protection domains is another matter. */
const unhealthyAt = (state: State, end: CableEnd): RdmaDevice | undefined => {
  const device = deviceOf(state, end)
  return device?.health === 'unhealthy' && !isOutOfDomains(device.problem ?? '') ? device : undefined
}

/** A device that cannot be opened, on a cable between two members. */
export const unhealthyDeviceFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap(({ nodeIds, cables, reasons }): Found[] => {
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined || !reasons.some(({ code }) => code === 'unhealthy')) return []
    const [first, ...others] = cables.filter((cable) => endsOf(cable).some((end) => unhealthyAt(state, end)))
    if (!first) return []
    const says = [first, ...others].flatMap(endsOf).flatMap((end) => {
      const device = unhealthyAt(state, end)
      return device ? [`${nodeName(state, end.nodeId)}: ${device.problem ?? `${device.name} can’t be opened`}`] : []
    })
    const between = namesOf(state, nodeIds)
    return [
      {
        id: `unhealthy-device ${nodeIds.join(' ')}`,
        code: 'unhealthy-device',
        severity,
        title: `RDMA between ${between} does not work.`,
        cause: `${[...new Set(says)].join('; ')}.`,
        fix: [
          { text: `Unplug the cable between ${between} and plug it in again, at both ends.` },
          { text: `If that does not help, restart ${between}.` },
        ],
        subject: { kind: 'link', nodeIds },
        nodeIds: [...nodeIds],
        picture: { kind: 'cable', ends: [namedPort(first.here), namedPort(first.there)] },
      },
    ]
  })
}
