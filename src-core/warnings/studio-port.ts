import { nodeName } from '../state/bindings'
import { cabledPairs, endsWith, namedPort } from './cables'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** That port is known not to do RDMA, though macOS lists a device for it. Said only of one with a cable to a member in it. */
export const studioPortFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  return cabledPairs(state).flatMap((pair): Found[] => {
    const { nodeIds } = pair
    const severity = wantedBetween(wanted, nodeIds)
    if (severity === undefined) return []
    return endsWith(pair, 'studio_port').map((end): Found => {
      const other = nodeIds.find((nodeId) => nodeId !== end.nodeId)
      const name = nodeName(state, end.nodeId)
      return {
        id: `studio-port ${end.nodeId}`,
        code: 'studio-port',
        severity,
        title: `The port next to Ethernet on ${name} does not do RDMA.`,
        cause: `The cable to ${other ? nodeName(state, other) : 'the other Mac'} is in Thunderbolt ${end.port.receptacle} (${end.port.interfaceName ?? '?'}). On a Mac Studio this port works for the network, but not for RDMA.`,
        fix: [{ text: `On ${name}, move that cable to another Thunderbolt port on the back.` }],
        subject: { kind: 'link', nodeIds },
        nodeIds: [end.nodeId],
        picture: { kind: 'studio', port: namedPort(end) },
      }
    })
  })
}
