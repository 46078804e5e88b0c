import { rdmaReports } from '@core/rdma/edges'
import { addMac, change, plug } from '@core/testing/cabled-macs'
import type { NodeId } from '@core/ids'
import { Scene } from './scene'

const macs = (scene: Scene, ...names: string[]): NodeId[] => {
  const nodes = names.map((name) =>
    addMac(scene.world, name, { receptacles: 6, model: name === 'Mac Studio' ? name : 'MacBook Pro' }),
  )
  scene.world.connect(nodes)
  for (const nodeId of nodes) change(scene.world, nodeId, (info) => ({ ...info, memoryBandwidth: 546e9 }))
  return nodes
}

const report = (scene: Scene): void => {
  for (const { nodeId } of Object.values(scene.world.state.nodes))
    scene.world.apply(...rdmaReports(scene.world.state, nodeId))
}

/** Three Macs, every two with a cable; one model runs over it. */
const rdma = (): Scene => {
  const scene = new Scene()
  const [studio, book, mini] = macs(scene, 'Mac Studio', 'MacBook Pro', 'Mac mini')
  if (studio === undefined || book === undefined || mini === undefined) return scene
  plug(scene.world, [studio, 3], [book, 1])
  plug(scene.world, [book, 2], [mini, 1])
  plug(scene.world, [mini, 3], [studio, 5])
  report(scene)
  scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  const large = scene.model('mlx-community/GLM-4.7-Flash-6bit', 41)
  const id = scene.declare('fast', large, { instanceMeta: 'MlxJaccl', minNodes: 2, sharding: 'Tensor' })
  scene.ready(id)
  return scene.settle()
}

/** RDMA is missing for another reason everywhere. */
const withoutRdma = (): Scene => {
  const scene = new Scene()
  const [studio, book, mini] = macs(
    scene,
    'Mac Studio',
    'MacBook Pro',
    'Mac mini in the machine room on the second floor',
  )
  if (studio === undefined || book === undefined || mini === undefined) return scene
  plug(scene.world, [studio, 3], [book, 1], { gbps: 40 })
  plug(scene.world, [mini, 3], [studio, 2])
  change(scene.world, mini, (info) => ({ ...info, rdma: { status: 'disabled', devices: [] } }))
  report(scene)
  scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  const large = scene.model('mlx-community/GLM-4.7-Flash-6bit', 41)
  scene.declare('fast', large, { instanceMeta: 'MlxJaccl', minNodes: 2 })
  return scene.settle()
}

/** The same, with the question why it has no place. */
const whyNoPlace = (): Scene => Object.assign(withoutRdma(), { opens: ['Why?'] })

/** Two Macs of which one was never set up for it. */
const rdmaOff = (): Scene => {
  const scene = new Scene()
  const [studio, mini] = macs(scene, 'Mac Studio', 'Mac mini')
  if (studio === undefined || mini === undefined) return scene
  plug(scene.world, [studio, 3], [mini, 1])
  change(scene.world, mini, (info) => ({ ...info, rdma: { status: 'disabled', devices: [] } }))
  scene.model('mlx-community/Qwen3-8B-4bit', 4.6)
  return scene.settle()
}

export const rdmaScenes = { rdma, withoutRdma, whyNoPlace, rdmaOff } as const
