import type { NodeId } from '../ids'
import type { NodeInfo } from '../state/nodes'
import type { RdmaDevice } from '../state/rdma'
import type { ThunderboltPort } from '../state/thunderbolt'
import type { World } from './world'

/** Naming: receptacle 1 has the interface `en1` and the device `rdma_en1`. */
const uuid = (name: string, receptacle: number): string => `${name.toUpperCase()}-${receptacle}`

export interface MacOptions {
  readonly receptacles?: number
  readonly model?: string
  readonly version?: string
}

/** Adds a Mac that supports RDMA, with nothing plugged in. */
export const addMac = (world: World, name: string, options: MacOptions = {}): NodeId => {
  const { receptacles = 3, model = 'MacBook Pro', version = '26.5.1' } = options
  const nodeId = world.addNode(name)
  const numbers = Array.from({ length: receptacles }, (_, at) => at + 1)
  change(world, nodeId, (info) => ({
    ...info,
    model: { identifier: 'Mac1,1', name: model },
    os: { platform: 'darwin', release: '25', name: `macOS ${version}`, version, build: '25F80' },
    thunderbolt: {
      ports: numbers.map((receptacle) => ({
        receptacle,
        interfaceName: `en${receptacle}`,
        domainUuid: uuid(name, receptacle),
        maxGbps: 120,
        peers: [],
      })),
      bridges: [],
    },
    rdma: {
      status: 'enabled',
      devices: numbers.map((receptacle) => ({
        name: `rdma_en${receptacle}`,
        interfaceName: `en${receptacle}`,
        port: 'down',
        hasAddress: false,
        health: 'healthy',
      })),
    },
  }))
  return nodeId
}

/** Reports a machine again, with a change. */
export const change = (world: World, nodeId: NodeId, changed: (info: NodeInfo) => NodeInfo): void => {
  const node = world.state.nodes[nodeId]
  if (!node) throw new Error(`the world has no node ${nodeId}`)
  const { nodeId: _own, ...info } = node
  world.apply({ type: 'NodeGatheredInfo', nodeId, info: changed(info) })
}

export const changePort = (world: World, nodeId: NodeId, receptacle: number, to: Partial<ThunderboltPort>): void =>
  change(world, nodeId, (info) => ({
    ...info,
    thunderbolt: {
      bridges: info.thunderbolt?.bridges ?? [],
      ports: (info.thunderbolt?.ports ?? []).map((port) =>
        port.receptacle === receptacle ? { ...port, ...to } : port,
      ),
    },
  }))

export const changeDevice = (world: World, nodeId: NodeId, receptacle: number, to: Partial<RdmaDevice>): void =>
  change(world, nodeId, (info) => ({
    ...info,
    rdma: {
      status: info.rdma?.status ?? 'unknown',
      devices: (info.rdma?.devices ?? []).map((device) =>
        device.name === `rdma_en${receptacle}` ? { ...device, ...to } : device,
      ),
    },
  }))

/** Connects two ports; both machines report the cable. */
export const plug = (
  world: World,
  [a, from]: readonly [NodeId, number],
  [b, to]: readonly [NodeId, number],
  { gbps = 80 }: { readonly gbps?: number } = {},
): void => {
  const ends = [
    [a, from, uuid(b, to)],
    [b, to, uuid(a, from)],
  ] as const
  for (const [nodeId, receptacle, domainUuid] of ends) {
    changePort(world, nodeId, receptacle, { linkGbps: gbps, peers: [{ domainUuid, throughDock: false }] })
    changeDevice(world, nodeId, receptacle, { port: 'active', hasAddress: true })
  }
}

export const unplug = (world: World, nodeId: NodeId, receptacle: number): void => {
  changePort(world, nodeId, receptacle, { linkGbps: undefined, peers: [] })
  changeDevice(world, nodeId, receptacle, { port: 'down', hasAddress: false })
}
