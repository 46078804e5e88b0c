import type { NodeId } from '../ids'
import type { MetaInstance } from '../state/meta-instances'
import { World } from './world'

export interface RdmaWorldOptions extends Partial<MetaInstance> {
  /** Name of a machine's RDMA device towards another one. */
  readonly device?: (to: NodeId, number: number) => string
}

/** Builds a world in which every pair of machines has a cable and RDMA, with one declaration placed on all of them. */
export const rdmaWorld = (
  names: readonly string[],
  { device = (_to, number) => `rdma_en${number + 2}`, ...declared }: RdmaWorldOptions = {},
): World => {
  const world = new World()
  const nodes = names.map((name) => world.addNode(name))
  for (const [a, from] of nodes.entries()) {
    for (const [b, to] of nodes.entries()) {
      if (a === b) continue
      const socket = { from, to, port: 1, ip: `10.0.${a}.${b}`, interfaceType: 'thunderbolt' as const }
      const rdma = { from, to, fromInterface: device(to, b), toInterface: device(from, a) }
      world.apply({ type: 'TopologyEdgeCreated', edge: socket }, { type: 'TopologyEdgeCreated', edge: rdma })
    }
  }
  world.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: names.length, ...declared })
  world.reconcile()
  return world
}
