import { nodeName } from '../state/bindings'
import type { RdmaDevice } from '../state/rdma'
import type { State } from '../state/state'
import { namedPort } from './bridged-ports'
import { byPair, cables, type CableEnd } from './cables'
import { isOutOfDomains } from './jaccl-text'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** The device of a cable's end, where it is unhealthy. One without protection domains is another matter. */
const unhealthyAt = (state: State, { nodeId, port }: CableEnd): RdmaDevice | undefined =>
  state.nodes[nodeId]?.rdma?.devices.find(
    ({ interfaceName, health, problem = '' }) =>
      interfaceName === port.interfaceName && health === 'unhealthy' && !isOutOfDomains(problem),
  )

/** A device that cannot be opened, on a cable between two members. */
export const unhealthyDeviceFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  const broken = cables(state).filter(({ ends }) => ends.some((end) => unhealthyAt(state, end) !== undefined))
  return byPair(broken).flatMap(([first, ...others]): Found[] => {
    if (!first) return []
    const { nodeIds } = first
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined) return []
    const says = [first, ...others]
      .flatMap(({ ends }) => ends)
      .flatMap((end) => {
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
        subject: { kind: 'link', nodeIds: [nodeIds[0], nodeIds[1]] },
        nodeIds: [...nodeIds],
        picture: { kind: 'cable', ends: [namedPort(first.ends[0]), namedPort(first.ends[1])] },
      },
    ]
  })
}
