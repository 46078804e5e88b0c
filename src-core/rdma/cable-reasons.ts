import { nodeName } from '../state/bindings'
import type { RdmaDevice, RdmaReason, RdmaReasonCode } from '../state/rdma'
import type { State } from '../state/state'
import { cableGbps, isThroughDock, type Cable, type CableEnd } from './cables'
import { RDMA_GBPS } from './machine'

/** The RDMA device of an interface is named after it. */
export const deviceOf = (state: State, { nodeId, port }: CableEnd): RdmaDevice | undefined =>
  state.nodes[nodeId]?.rdma?.devices.find(({ interfaceName }) => interfaceName === port.interfaceName)

/** The port next to Ethernet, as far as it is known, carries no RDMA though it has a device. */
const isStudioPort = (state: State, { nodeId, port }: CableEnd): boolean =>
  state.nodes[nodeId]?.model?.name === 'Mac Studio' && port.interfaceName === 'en2'

/** The bridge that a cable ends in, if its port is in one. */
export const bridgeOf = (state: State, { nodeId, port }: CableEnd): string | undefined =>
  state.nodes[nodeId]?.thunderbolt?.bridges.find(({ members }) => members.includes(port.interfaceName ?? ''))?.name

const portReasons = ({ port }: Pick<RdmaDevice, 'port'>, because: (text: string) => RdmaReason): RdmaReason[] => {
  switch (port) {
    case 'active':
      return []
    case 'down':
      return [because('is down')]
    case 'unknown':
      return [because('has not been asked yet')]
  }
}

/** What keeps one end from RDMA that its machine could change. */
const endReasons = (state: State, end: CableEnd): RdmaReason[] => {
  const { nodeId, port } = end
  const { interfaceName } = port
  const name = nodeName(state, nodeId)
  const because = (code: RdmaReasonCode, text: string, more: Partial<RdmaReason> = {}): RdmaReason => ({
    code,
    nodeId,
    ...(interfaceName !== undefined && { interfaceName }),
    text,
    ...more,
  })
  const here = interfaceName ?? `Thunderbolt ${port.receptacle}`
  if (isStudioPort(state, end))
    return [because('studio_port', `the port next to Ethernet on ${name} (${here}) does not do it`)]
  const bridge = bridgeOf(state, end)
  if (bridge !== undefined) return [because('bridge', `${here} of ${name} is part of ${bridge}`, { bridge })]
  const device = deviceOf(state, end)
  if (!device) return [because('no_device', `${here} of ${name} has no RDMA device`)]
  if (device.health === 'unhealthy')
    return [because('unhealthy', `${device.name} of ${name} does not work: ${device.problem ?? 'it does not answer'}`)]
  return [
    ...portReasons(device, (text) => because('port_down', `${device.name} of ${name} ${text}`)),
    ...(device.hasAddress ? [] : [because('no_address', `${here} of ${name} has no IPv4 address`)]),
  ]
}

/** Why a cable carries no RDMA; none where it does. It is taken that both machines have RDMA at all. */
export const cableReasons = (state: State, cable: Cable): RdmaReason[] => {
  const { here, there } = cable
  const gbps = cableGbps(cable)
  const slow: RdmaReason[] = []
  if (gbps === undefined || gbps < RDMA_GBPS) {
    const [a, b] = [nodeName(state, here.nodeId), nodeName(state, there.nodeId)]
    const way = isThroughDock(cable) ? 'way through a dock' : 'cable'
    const speed = gbps === undefined ? 'no speed that is known' : `${gbps} Gb/s`
    slow.push({
      code: 'cable_speed',
      text: `the ${way} between ${a} and ${b} gives ${speed}, and ${RDMA_GBPS} are needed`,
    })
  }
  return [...slow, ...endReasons(state, here), ...endReasons(state, there)]
}
