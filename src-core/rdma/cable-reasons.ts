import { nodeName } from '../state/bindings'
import type { RdmaDevice, RdmaReason, RdmaReasonCode } from '../state/rdma'
import type { State } from '../state/state'
import { coded, type CodedText } from '../texts/coded'
import { cableGbps, isThroughDock, type Cable, type CableEnd } from './cables'
import { RDMA_GBPS } from './machine'
import { rdmaReason } from './reason'

/** Returns the RDMA device of an end's interface; the device is named after the interface. */
export const deviceOf = (state: State, { nodeId, port }: CableEnd): RdmaDevice | undefined =>
  state.nodes[nodeId]?.rdma?.devices.find(({ interfaceName }) => interfaceName === port.interfaceName)

/** Whether it is a Mac Studio's port next to Ethernet (`en2`), which has a device but carries no RDMA. */
const isStudioPort = (state: State, { nodeId, port }: CableEnd): boolean =>
  state.nodes[nodeId]?.model?.name === 'Mac Studio' && port.interfaceName === 'en2'

/** Returns the network bridge that an end's port belongs to, if any. */
export const bridgeOf = (state: State, { nodeId, port }: CableEnd): string | undefined =>
  state.nodes[nodeId]?.thunderbolt?.bridges.find(({ members }) => members.includes(port.interfaceName ?? ''))?.name

/** Why a device's port cannot be used; undefined if it can. */
const portProblem = ({ port, name: device }: RdmaDevice, name: string): CodedText | undefined => {
  switch (port) {
    case 'active':
      return undefined
    case 'down':
      return coded('rdma.portDown', { device, name })
    case 'unknown':
      return coded('rdma.portUnknown', { device, name })
  }
}

const unhealthy = ({ name: device, problem }: RdmaDevice, name: string): CodedText =>
  problem === undefined
    ? coded('rdma.unhealthySilent', { device, name })
    : coded('rdma.unhealthy', { device, name, problem })

/** Returns what keeps one end from RDMA and can be changed on its machine. */
const endReasons = (state: State, end: CableEnd): RdmaReason[] => {
  const { nodeId, port: thunderbolt } = end
  const { interfaceName } = thunderbolt
  const name = nodeName(state, nodeId)
  const because = (code: RdmaReasonCode, sentence: CodedText, more: Pick<RdmaReason, 'bridge'> = {}): RdmaReason =>
    rdmaReason(code, sentence, { nodeId, ...(interfaceName !== undefined && { interfaceName }), ...more })
  const here = interfaceName ?? `Thunderbolt ${thunderbolt.receptacle}`
  if (isStudioPort(state, end)) return [because('studio_port', coded('rdma.studioPort', { name, port: here }))]
  const bridge = bridgeOf(state, end)
  if (bridge !== undefined) return [because('bridge', coded('rdma.bridge', { name, port: here, bridge }), { bridge })]
  const device = deviceOf(state, end)
  if (!device) return [because('no_device', coded('rdma.noDevice', { name, port: here }))]
  if (device.health === 'unhealthy') return [because('unhealthy', unhealthy(device, name))]
  const port = portProblem(device, name)
  return [
    ...(port ? [because('port_down', port)] : []),
    ...(device.hasAddress ? [] : [because('no_address', coded('rdma.noAddress', { name, port: here }))]),
  ]
}

const tooSlow = (state: State, cable: Cable, gbps: number | undefined): CodedText => {
  const { here, there } = cable
  const dock = isThroughDock(cable)
  const values = { a: nodeName(state, here.nodeId), b: nodeName(state, there.nodeId), needed: RDMA_GBPS }
  return gbps === undefined
    ? coded(dock ? 'rdma.dockUnknown' : 'rdma.cableUnknown', values)
    : coded(dock ? 'rdma.dockSpeed' : 'rdma.cableSpeed', { ...values, gbps })
}

/** Returns why a cable carries no RDMA; empty if it does. Assumes that both machines support RDMA. */
export const cableReasons = (state: State, cable: Cable): RdmaReason[] => {
  const { here, there } = cable
  const gbps = cableGbps(cable)
  const slow = gbps === undefined || gbps < RDMA_GBPS ? [rdmaReason('cable_speed', tooSlow(state, cable, gbps))] : []
  return [...slow, ...endReasons(state, here), ...endReasons(state, there)]
}
