import { nodeName } from '../state/bindings'
import type { RdmaDevice } from '../state/rdma'
import type { State } from '../state/state'
import { clauses, coded, type CodedText } from '../texts/coded'
import { type CableEnd, deviceOf, endsOf } from '../rdma/index'
import { cabledPairs, namedPort } from './cables'
import { isOutOfDomains } from './jaccl-text'
import { namesOf } from './names'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Returns the device at a cable's end if it is unhealthy; exhausted protection domains have their own warning. */
const unhealthyAt = (state: State, end: CableEnd): RdmaDevice | undefined => {
  const device = deviceOf(state, end)
  return device?.health === 'unhealthy' && !isOutOfDomains(device.problem ?? '') ? device : undefined
}

const problemOf = (name: string, { name: device, problem }: RdmaDevice): CodedText =>
  problem === undefined
    ? coded('alerts.unhealthy.closed', { name, device })
    : coded('alerts.unhealthy.problem', { name, problem })

/** Warns about devices that cannot be opened, on cables between members. */
export const unhealthyDeviceDetector: Detector = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap(({ nodeIds, cables, reasons }): DetectedWarning[] => {
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined || !reasons.some(({ code }) => code === 'unhealthy')) return []
    const [first, ...others] = cables.filter((cable) => endsOf(cable).some((end) => unhealthyAt(state, end)))
    if (!first) return []
    const problems = [first, ...others].flatMap(endsOf).flatMap((end) => {
      const device = unhealthyAt(state, end)
      return device ? [problemOf(nodeName(state, end.nodeId), device)] : []
    })
    const names = namesOf(state, nodeIds)
    const different = new Map(problems.map((one) => [JSON.stringify(one), one]))
    return [
      {
        id: `unhealthy-device ${nodeIds.join(' ')}`,
        code: 'unhealthy-device',
        severity,
        title: coded('alerts.unhealthy.title', { names }),
        cause: coded('alerts.unhealthy.cause', { problems: clauses(...different.values()) }),
        fix: [
          { text: coded('alerts.unhealthy.replug', { names }) },
          { text: coded('alerts.unhealthy.restart', { names }) },
        ],
        subject: { kind: 'link', nodeIds },
        nodeIds: [...nodeIds],
        picture: { kind: 'cable', ends: [namedPort(first.here), namedPort(first.there)] },
      },
    ]
  })
}
