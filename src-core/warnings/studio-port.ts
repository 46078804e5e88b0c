import { nodeName } from '../state/bindings'
import { namedPort } from './bridged-ports'
import { cables, joinsThunderbolt5, type CableEnd } from './cables'
import { rdmaWanted, wantedBetween } from './rdma-wanted'
import type { Family, Found } from './warning'

/** The Mac Studios with Thunderbolt 5: M3 Ultra and M4 Max. */
const STUDIOS = ['Mac15,14', 'Mac16,9']
/** On their back the port beside Ethernet is this interface. */
const BESIDE_ETHERNET = 'en2'

const isBesideEthernet = ({ model, port }: CableEnd): boolean =>
  model !== undefined && STUDIOS.includes(model) && port.interfaceName === BESIDE_ETHERNET

/** That port is known not to do RDMA, though macOS lists a device for it. Said only of one with a cable to a member in it. */
export const studioPortFamily: Family = (state) => {
  const wanted = rdmaWanted(state)
  return cables(state)
    .filter(joinsThunderbolt5)
    .flatMap(({ ends, nodeIds }): Found[] => {
      const severity = wantedBetween(wanted, nodeIds)
      if (severity === undefined) return []
      return ends.filter(isBesideEthernet).map((end): Found => {
        const other = ends.find(({ nodeId }) => nodeId !== end.nodeId)
        const name = nodeName(state, end.nodeId)
        return {
          id: `studio-port ${end.nodeId}`,
          code: 'studio-port',
          severity,
          title: `The port next to Ethernet on ${name} does not do RDMA.`,
          cause: `The cable to ${other ? nodeName(state, other.nodeId) : 'the other Mac'} is in Thunderbolt ${end.port.receptacle} (en2). On a Mac Studio this port works for the network, but not for RDMA.`,
          fix: [{ text: `On ${name}, move that cable to another Thunderbolt port on the back.` }],
          subject: { kind: 'link', nodeIds: [nodeIds[0], nodeIds[1]] },
          nodeIds: [end.nodeId],
          picture: { kind: 'studio', port: namedPort(end) },
        }
      })
    })
}
