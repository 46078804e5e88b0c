import type { NodeInfo } from '@core/state/nodes'
import type { ThunderboltPort } from '@core/state/thunderbolt'
import { GB } from '@core/testing/world'
import { Scene } from './scene'

interface Plugged {
  readonly to: string
  readonly gbps?: number
  readonly model?: string
}

/** Thunderbolt 5 ports, by the interfaces behind them; what is plugged in names the other end. */
const ports = (
  name: string,
  interfaces: readonly string[],
  plugged: Readonly<Record<number, Plugged>>,
): ThunderboltPort[] =>
  interfaces.map((interfaceName, at) => {
    const receptacle = at + 1
    const cable = plugged[receptacle]
    return {
      receptacle,
      interfaceName,
      domainUuid: `${name}/${receptacle}`,
      maxGbps: 120,
      ...(cable && { linkGbps: cable.gbps ?? 80 }),
      peers: cable ? [{ domainUuid: cable.to, throughDock: false, ...(cable.model && { model: cable.model }) }] : [],
    }
  })

const rdma = (interfaces: readonly string[]): NodeInfo['rdma'] => ({
  status: 'enabled',
  devices: interfaces.map((interfaceName) => ({
    name: `rdma_${interfaceName}`,
    interfaceName,
    port: 'active',
    hasAddress: true,
    health: 'healthy',
  })),
})

const STUDIO = ['en2', 'en3', 'en5', 'en4']
const MINI = ['en2', 'en3', 'en4']

/** Three Macs on Thunderbolt cables, with much to put right before RDMA works. */
export const cabled = (): Scene => {
  const scene = new Scene()
  const studio = scene.machine('Mac Studio', {
    chip: 'Apple M3 Ultra',
    total: 256 * GB,
    free: 220 * GB,
    bandwidth: 819e9,
    model: { identifier: 'Mac15,14', name: 'Mac Studio' },
    thunderbolt: {
      ports: ports('studio', STUDIO, {
        1: { to: 'pro/1', model: 'Mac16,6' },
        2: { to: 'mini/2', gbps: 40, model: 'Mac16,11' },
      }),
      bridges: [{ name: 'bridge0', members: STUDIO, active: true }],
    },
    rdma: rdma(STUDIO),
  })
  const pro = scene.machine('MacBook Pro', {
    free: 56 * GB,
    thunderbolt: {
      ports: ports('pro', ['en1', 'en3', 'en2'], { 1: { to: 'studio/1', model: 'Mac15,14' } }),
      bridges: [],
    },
    rdma: { status: 'disabled', devices: [] },
  })
  const mini = scene.machine('Mac mini', {
    chip: 'Apple M4 Pro',
    total: 48 * GB,
    free: 37 * GB,
    bandwidth: 273e9,
    thunderbolt: {
      ports: ports('mini', MINI, { 2: { to: 'studio/2', gbps: 40, model: 'Mac15,14' } }),
      bridges: [],
    },
    rdma: rdma(MINI),
  })
  scene.link(studio, pro)
  scene.link(studio, mini)
  const qwen = scene.model('mlx-community/Qwen3-235B-A22B-4bit', 132)
  const glm = scene.model('mlx-community/GLM-4.7-Flash-6bit', 41)
  scene.declare('rdma', qwen, {
    instanceMeta: 'MlxJaccl',
    sharding: 'Tensor',
    minNodes: 3,
    nodeIds: [studio, pro, mini],
  })
  const failing = scene.declare('flash', glm, { nodeIds: [studio, pro] })
  scene.world.fail(failing, '[jaccl] the RDMA connection to another machine was lost')
  scene.world.reconcile()
  scene.report(failing, { status: 'Loading', layersLoaded: 9, layers: 28 })
  return scene.settle()
}
