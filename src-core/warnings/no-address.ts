import { nodeName } from '../state/bindings'
import { PortInterface } from './bridge-commands'
import { bridgeAt, namedPort } from './bridged-ports'
import { cables, joinsThunderbolt5, type CableEnd } from './cables'
import { rdmaWanted } from './rdma-wanted'
import type { Family, Found } from './warning'

/** A port outside every bridge whose interface has no IPv4 address: its RDMA device has none either (Apple TN3205). */
export const noAddressFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  const lacksAddress = (end: CableEnd): boolean =>
    bridgeAt(state, end) === undefined &&
    (state.nodes[end.nodeId]?.rdma?.devices.some(
      ({ interfaceName, hasAddress }) => interfaceName === end.port.interfaceName && !hasAddress,
    ) ??
      false)
  return cables(state)
    .filter(joinsThunderbolt5)
    .flatMap(({ ends }) => ends.filter(lacksAddress))
    .flatMap((end): Found[] => {
      const { nodeId, port } = end
      const severity = wanted.get(nodeId)
      const name = PortInterface.safeParse(port.interfaceName)
      if (severity === undefined || !name.success) return []
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
}
