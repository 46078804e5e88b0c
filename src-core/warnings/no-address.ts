import { nodeName } from '../state/bindings'
import { coded } from '../texts/coded'
import { PortInterface } from './bridge-commands'
import { cabledPairs, endsWith, namedPort } from './cables'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Detector, DetectedWarning } from './warning'

/** Warns about unbridged ports without an IPv4 address: their RDMA device has none either (Apple TN3205). */
export const noAddressDetector: Detector = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap((pair) => {
    const severity = wantedBetween(wanted, pair.nodeIds)
    if (severity === undefined) return []
    return endsWith(pair, 'no_address').flatMap((end): DetectedWarning[] => {
      const { nodeId, port } = end
      const parsed = PortInterface.safeParse(port.interfaceName)
      if (!parsed.success) return []
      const name = nodeName(state, nodeId)
      const { receptacle } = port
      return [
        {
          id: `no-address ${nodeId} ${parsed.data}`,
          code: 'no-address',
          severity,
          title: coded('alerts.noAddress.title', { name }),
          cause: coded('alerts.noAddress.cause', { receptacle, port: parsed.data }),
          fix: [
            { text: coded('alerts.noAddress.settings', { name, receptacle }) },
            {
              text: coded('alerts.noAddress.terminal'),
              commands: [`sudo /usr/sbin/ipconfig set ${parsed.data} DHCP`],
            },
          ],
          subject: { kind: 'node', nodeId },
          nodeIds: [nodeId],
          picture: { kind: 'ports', ports: [namedPort(end)] },
        },
      ]
    })
  })
}
