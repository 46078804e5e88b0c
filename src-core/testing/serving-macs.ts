import type { NodeId } from '../ids'
import { Macs } from './macs'

/** Builds two Macs that serve a model over RDMA. */
export const serving = () => {
  const macs = new Macs()
  const nodes: [NodeId, NodeId] = [macs.mac('MacBook Pro'), macs.mac('Mac Studio')]
  macs.cable([nodes[0], 1], [nodes[1], 1])
  const edge = (from: NodeId, to: NodeId) =>
    ({ type: 'TopologyEdgeCreated', edge: { from, to, fromInterface: 'rdma_en2', toInterface: 'rdma_en2' } }) as const
  const socket = (from: NodeId, to: NodeId, ip: string) =>
    ({ type: 'TopologyEdgeCreated', edge: { from, to, ip, port: 1, interfaceType: 'thunderbolt' } }) as const
  macs.apply(
    edge(...nodes),
    edge(nodes[1], nodes[0]),
    socket(...nodes, '10.0.0.2'),
    socket(nodes[1], nodes[0], '10.0.0.1'),
  )
  const id = macs.declare('chat', { instanceMeta: 'MlxJaccl', minNodes: 2 })
  macs.reconcile()
  return { macs, nodes, id }
}
