import type { NodeId } from '../ids'
import type { NodeInfo } from '../state/nodes'
import type { RdmaFacts } from '../state/rdma'
import type { ThunderboltPort } from '../state/thunderbolt'
import { World } from './world'

export interface MacOptions {
  /** Number of ports; without `interfaces`, `Thunderbolt 1` is en2 and so on. */
  readonly ports?: number
  readonly interfaces?: readonly string[]
  readonly maxGbps?: number
  readonly model?: string
  /** Interfaces in bridge0. */
  readonly bridge?: readonly string[]
  readonly bridgeActive?: boolean
  readonly rdma?: Partial<RdmaFacts>
  readonly os?: Partial<NodeInfo['os']>
  readonly cannotRun?: string
  /** Version of Muster. */
  readonly version?: string
}

export interface CableOptions {
  readonly gbps?: number
  readonly throughDock?: boolean
  /** Only the first machine reports the cable. */
  readonly seenByFirstOnly?: boolean
}

const STUDIOS: ReadonlySet<string> = new Set(['Mac14,14', 'Mac15,14', 'Mac16,9'])

const domainOf = (name: string, receptacle: number): string => `${name}/${receptacle}`

/** A test world of Macs that report their Thunderbolt cables. */
export class Macs extends World {
  private readonly models = new Map<NodeId, string>()

  mac(name: string, options: MacOptions = {}): NodeId {
    const {
      ports = 3,
      interfaces,
      maxGbps = 120,
      bridge = [],
      bridgeActive = true,
      rdma,
      os,
      model,
      ...given
    } = options
    const nodeId = this.addNode(name, given)
    if (model !== undefined) this.models.set(nodeId, model)
    const made = Array.from({ length: ports }, (_, at): ThunderboltPort => {
      const receptacle = at + 1
      const interfaceName = interfaces?.[at] ?? `en${at + 2}`
      return { receptacle, interfaceName, domainUuid: domainOf(name, receptacle), maxGbps, peers: [] }
    })
    const devices = made.flatMap(({ interfaceName = '' }) => ({
      name: `rdma_${interfaceName}`,
      interfaceName,
      port: 'active' as const,
      hasAddress: true,
      health: 'healthy' as const,
    }))
    return this.says(nodeId, {
      os: { platform: 'darwin', release: '25.5.0', name: 'macOS 26.5.1', version: '26.5.1', build: '25F80', ...os },
      ...(model !== undefined && {
        model: { identifier: model, name: STUDIOS.has(model) ? 'Mac Studio' : 'Mac mini' },
      }),
      thunderbolt: {
        ports: made,
        bridges: bridge.length > 0 ? [{ name: 'bridge0', members: [...bridge], active: bridgeActive }] : [],
      },
      rdma: { status: 'enabled', devices, ...rdma },
    })
  }

  /** Connects two ports, each given as machine and receptacle. */
  cable(a: readonly [NodeId, number], b: readonly [NodeId, number], options: CableOptions = {}): this {
    const {
      gbps = Math.min(80, this.maxGbps(a), this.maxGbps(b)),
      throughDock = false,
      seenByFirstOnly = false,
    } = options
    const plug = ([nodeId, receptacle]: readonly [NodeId, number], [other, at]: readonly [NodeId, number]): void => {
      const model = this.models.get(other)
      const peer = { domainUuid: domainOf(other, at), throughDock, ...(model !== undefined && { model }) }
      this.changePort(nodeId, receptacle, (port) => ({ ...port, linkGbps: gbps, peers: [...port.peers, peer] }))
    }
    plug(a, b)
    if (!seenByFirstOnly) plug(b, a)
    return this
  }

  /** Changes one RDMA device's report. */
  device(nodeId: NodeId, interfaceName: string, change: Partial<RdmaFacts['devices'][number]>): this {
    const rdma = this.node(nodeId).rdma ?? { status: 'unknown', devices: [] }
    const devices = rdma.devices.map((one) => (one.interfaceName === interfaceName ? { ...one, ...change } : one))
    this.says(nodeId, { rdma: { ...rdma, devices } })
    return this
  }

  says(nodeId: NodeId, change: Partial<NodeInfo>): NodeId {
    this.apply({ type: 'NodeGatheredInfo', nodeId, info: { ...this.node(nodeId), ...change } })
    return nodeId
  }

  private maxGbps([nodeId, receptacle]: readonly [NodeId, number]): number {
    const port = this.node(nodeId).thunderbolt?.ports.find((one) => one.receptacle === receptacle)
    return port?.maxGbps ?? 0
  }

  private changePort(nodeId: NodeId, receptacle: number, change: (port: ThunderboltPort) => ThunderboltPort): void {
    const thunderbolt = this.node(nodeId).thunderbolt ?? { ports: [], bridges: [] }
    const ports = thunderbolt.ports.map((port) => (port.receptacle === receptacle ? change(port) : port))
    this.says(nodeId, { thunderbolt: { ...thunderbolt, ports } })
  }

  private node(nodeId: NodeId): NodeInfo {
    const found = this.state.nodes[nodeId]
    if (!found) throw new Error(`the world has no node ${nodeId}`)
    const { nodeId: _id, ...info } = found
    return info
  }
}
