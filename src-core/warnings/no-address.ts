import { nodeName } from '../state/bindings'
import { PortInterface } from './bridge-commands'
import { cabledPairs, endsWith, namedPort } from './cables'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** A port outside every bridge whose interface has no IPv4 address: its RDMA device has none either (Apple TN3205). */
export const noAddressFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap((pair) => {
    const severity = wantedBetween(wanted, pair.nodeIds)
    if (severity === undefined) return []
    return endsWith(pair, 'no_address').flatMap((end): Found[] => {
      const { nodeId, port } = end
      const name = PortInterface.safeParse(port.interfaceName)
      if (!name.success) return []
      return [
        {
          id: `no-address ${nodeId} ${name.data}`,
          code: 'no-address',
          severity,
          title: `A Thunderbolt port on ${nodeName(state, nodeId)} has no IP address.`,
          cause: `RDMA needs an IPv4 address on Thunderbolt ${port.receptacle} (${name.data}), though it does not use it to send.`,
          fix: [
            {
              text: `On ${nodeName(state, nodeId)}: System Settings → Network → … → Add Service, interface Thunderbolt ${port.receptacle}, with DHCP. macOS then gives the port an address.`,
            },
            {
              text: 'Or, until that Mac restarts, in Terminal there:',
              commands: [`sudo /usr/sbin/ipconfig set ${name.data} DHCP`],
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
