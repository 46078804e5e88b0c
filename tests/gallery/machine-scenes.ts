import { judge } from '@core/doctor/judge'
import type { NodeId } from '@core/ids'
import { NodeId as NodeIdSchema } from '@core/ids'
import type { OwnView, Seen } from '@core/protocols/doctor'
import { edgesOf } from '@core/state/topology'
import { coded } from '@core/texts/coded'
import { GB } from '@core/testing/world'
import { Scene } from './scene'

/** Machines, how they are connected, and how they come together. */

const studioAndPro = (): { scene: Scene; studio: NodeId; pro: NodeId } => {
  const scene = new Scene()
  const pro = scene.machine('Ada’s MacBook Pro', { free: 40 * GB })
  const studio = scene.machine('Mac Studio', { chip: 'Apple M3 Ultra', total: 256 * GB, bandwidth: 819e9 })
  scene.leads(studio)
  return { scene, studio, pro }
}

const pair = (): Scene => {
  const { scene, studio, pro } = studioAndPro()
  scene.link(studio, pro, { latencyMs: 0.21, bytesPerSecond: 2.4e9 })
  scene.link(studio, pro, { type: 'wifi', latencyMs: 3.4, bytesPerSecond: 48e6 })
  return scene.settle()
}

const triangle = (): Scene => {
  const { scene, studio, pro } = studioAndPro()
  const mini = scene.machine('Mac mini', { chip: 'Apple M4 Pro', total: 48 * GB, bandwidth: 273e9 })
  scene.link(studio, pro, { latencyMs: 0.05, bytesPerSecond: 5.1e9 })
  scene.rdma(studio, pro)
  scene.link(mini, studio, { type: 'ethernet', latencyMs: 0.3, bytesPerSecond: 118e6 })
  scene.link(mini, pro, { type: 'wifi', latencyMs: 4 })
  return scene.settle()
}

const four = (): Scene => {
  const { scene, studio, pro } = studioAndPro()
  const others = ['Mac mini', 'Mac mini in the hall'].map((name) => scene.machine(name, { total: 48 * GB }))
  const all = [pro, studio, ...others]
  all.forEach((one, at) =>
    all
      .slice(at + 1)
      .forEach((other) => scene.link(one, other, { type: 'ethernet', latencyMs: 0.3, bytesPerSecond: 1.1e9 })),
  )
  scene.link(studio, pro, { latencyMs: 0.2, bytesPerSecond: 2.4e9 })
  return scene.settle()
}

const five = (): Scene => {
  const scene = four()
  const nodes = Object.values(scene.world.state.members).map(({ nodeId }) => nodeId)
  const fifth = scene.machine('Old iMac', { chip: 'Apple M1', total: 16 * GB })
  for (const nodeId of nodes) scene.link(fifth, nodeId, { type: 'wifi', latencyMs: 3 })
  return scene.settle()
}

const twelve = (): Scene => {
  const scene = new Scene()
  const nodes = Array.from({ length: 12 }, (_, at) =>
    scene.machine(at === 3 ? 'Mac Studio in the machine room, next to the window' : `Studio ${at + 1}`, {
      total: (32 + 32 * (at % 4)) * GB,
      load: (at % 10) / 10,
    }),
  )
  nodes.forEach((one, at) =>
    nodes
      .slice(at + 1)
      .forEach((other) => scene.link(one, other, { type: 'ethernet', latencyMs: 0.3, bytesPerSecond: 118e6 })),
  )
  nodes.forEach((one, at) => {
    const next = nodes[at + 1]
    if (at % 2 === 0 && next) scene.link(one, next, { latencyMs: 0.2, bytesPerSecond: 2.4e9 })
  })
  const [first, last] = [nodes[0], nodes.at(-1)]
  if (first) scene.leads(first)
  if (last) scene.world.apply({ type: 'NodeTimedOut', nodeId: last })
  return scene.settle()
}

const away = (): Scene => {
  const scene = triangle()
  const mini = Object.keys(scene.world.state.members).at(-1)
  scene.world.apply({ type: 'NodeTimedOut', nodeId: NodeIdSchema.parse(mini) })
  return scene
}

const oneWay = (): Scene => {
  const { scene, studio, pro } = studioAndPro()
  scene.link(pro, studio, { type: 'ethernet', latencyMs: 0.3, oneWay: true })
  return scene.settle()
}

const alone = (): Scene => {
  const scene = new Scene()
  scene.machine('Ada’s MacBook Pro')
  scene.beside = {
    nearby: [
      {
        nodeId: NodeIdSchema.parse('a1'.repeat(32)),
        clusterId: 'studio',
        version: '0.1.0',
        friendlyName: 'Mac Studio',
        addresses: ['192.168.1.20', 'fe80::1c2b:3dff:fe4e:5f60%en0'],
      },
      {
        nodeId: NodeIdSchema.parse('b2'.repeat(32)),
        clusterId: 'studio',
        version: '0.1.0',
        friendlyName: 'Mac mini',
        addresses: ['192.168.1.21'],
      },
      {
        nodeId: NodeIdSchema.parse('c3'.repeat(32)),
        clusterId: 'other',
        version: '0.1.0',
        addresses: ['192.168.1.77'],
      },
    ],
  }
  return scene
}

const adding = (): Scene => Object.assign(alone(), { opens: ['Add a machine…', 'Create an invitation'] })

const addingToSeveral = (): Scene => Object.assign(pair(), { opens: ['Add a machine…'] })

const joining = (state: Scene['joins']): Scene =>
  Object.assign(alone(), { opens: ['Add a machine…', 'Ask to join Mac Studio'], joins: state })

const joinWaiting = (): Scene =>
  joining({ state: 'waiting', digits: '048213', clusterName: 'Muster', friendlyName: 'Mac Studio' })

const joinFailed = (): Scene =>
  joining({
    state: 'failed',
    code: 'token_expired',
    reason: 'This invitation has expired: they are good for ten minutes',
    hint: 'Ask for a new invitation on a machine of that cluster: in the app under “Add a machine…”, or with `muster invite`.',
  })

const joined = (): Scene => joining({ state: 'joined' })

const joiningAside = (): Scene => {
  const scene = alone()
  scene.beside = {
    ...scene.beside,
    joining: { state: 'waiting', digits: '048213', clusterName: 'Muster', friendlyName: 'Mac Studio' },
  }
  return Object.assign(scene, { opens: [] })
}

const asked = (): Scene => {
  const scene = pair()
  scene.beside = {
    asking: [
      { requestId: 'r1', nodeId: NodeIdSchema.parse('d4'.repeat(32)), friendlyName: 'Mac mini', digits: '048213' },
    ],
  }
  return Object.assign(scene, { opens: [] })
}

const putOff = (): Scene => {
  const scene = asked()
  const [first] = Object.values(scene.world.state.members)
  scene.beside = {
    ...scene.beside,
    members: first ? [{ nodeId: first.nodeId, friendlyName: first.friendlyName, linked: true, duplicated: true }] : [],
  }
  return Object.assign(scene, { opens: ['Close'] })
}

const removing = (): Scene => Object.assign(pair(), { opens: ['More for Mac Studio'] })

const renaming = (): Scene => Object.assign(pair(), { opens: ['More for Mac Studio', 'Rename…'] })

const connections = (): Scene => Object.assign(twelve(), { opens: ['Studio 3'] })

/** A firewall, a machine that is away, and a clock that is off. */
const doctor = (): Scene => {
  const scene = four()
  const nodes = Object.values(scene.world.state.members).map(({ nodeId }) => nodeId)
  const [pro, studio, mini, hall] = nodes as [NodeId, NodeId, NodeId, NodeId]
  for (const from of [pro, studio])
    for (const edge of edgesOf(scene.world.state.topology))
      if (edge.from === from && edge.to === mini) scene.world.apply({ type: 'TopologyEdgeDeleted', edge })
  scene.world.apply({ type: 'NodeTimedOut', nodeId: hall })
  const seen = (nodeId: NodeId): Seen => ({
    nodeId,
    announced: nodeId !== hall,
    checks: [
      nodeId === mini || nodeId === hall
        ? { ip: '192.168.1.3', port: 52417, tcp: 'timed_out' }
        : { ip: '192.168.1.2', port: 52417, tcp: 'open', tls: 'ok' },
    ],
    linked: nodeId !== hall,
    ...(nodeId === hall && { lastCall: { outcome: 'timed_out', reason: 'Opening handshake has timed out' } }),
    calledHere: nodeId !== hall,
    duplicated: false,
  })
  const view = (self: NodeId): OwnView => ({
    at: 0,
    version: '0.1.0',
    port: 52417,
    discovery: true,
    duplicated: false,
    seen: nodes.filter((nodeId) => nodeId !== self).map(seen),
  })
  scene.findings = judge({
    self: pro,
    members: nodes,
    nameOf: (nodeId) => scene.world.state.members[nodeId]?.friendlyName ?? nodeId,
    views: new Map([pro, studio, mini].map((nodeId) => [nodeId, view(nodeId)])),
    silent: new Map([[hall, coded('doctor.silent.noLink')]]),
    edges: edgesOf(scene.world.state.topology),
    clocks: new Map([[studio, 312_000]]),
    nearby: [],
  })
  return Object.assign(scene, { opens: ['Check connections…'] })
}

export const machineScenes = {
  pair,
  triangle,
  four,
  five,
  twelve,
  away,
  oneWay,
  alone,
  adding,
  addingToSeveral,
  joinWaiting,
  joinFailed,
  joiningAside,
  joined,
  asked,
  putOff,
  removing,
  renaming,
  connections,
  doctor,
} as const
