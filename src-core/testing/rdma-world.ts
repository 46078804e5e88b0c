import type { MetaInstance } from '../state/meta-instances'
import { World } from './world'

/** Machines of which every two are linked by a cable and by RDMA, and one declaration placed on all of them. */
export const rdmaWorld = (names: readonly string[], options: Partial<MetaInstance> = {}): World => {
  const world = new World()
  const nodes = names.map((name) => world.addNode(name))
  for (const [a, from] of nodes.entries()) {
    for (const [b, to] of nodes.entries()) {
      if (a === b) continue
      const edge = { from, to, port: 1, interfaceType: 'thunderbolt' as const }
      const rdma = { from, to, fromInterface: `rdma_en${b + 2}`, toInterface: `rdma_en${a + 2}` }
      world.apply(
        { type: 'TopologyEdgeCreated', edge: { ...edge, ip: `10.0.${a}.${b}` } },
        { type: 'TopologyEdgeCreated', edge: rdma },
      )
    }
  }
  world.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: names.length, ...options })
  world.reconcile()
  return world
}
