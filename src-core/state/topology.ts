import { z } from 'zod'
import { NodeId } from '../ids'
import { InterfaceType } from './nodes'

/** `from` has reached `to` at this address, lately. */
export const SocketEdge = z.object({
  from: NodeId,
  to: NodeId,
  ip: z.string(),
  port: z.number().int().min(0).max(65535),
  interfaceType: InterfaceType,
  latencyMs: z.number().nonnegative().optional(),
  bytesPerSecond: z.number().positive().optional(),
})
export type SocketEdge = z.infer<typeof SocketEdge>

/** RDMA from one interface to another. */
export const RdmaEdge = z.object({ from: NodeId, to: NodeId, fromInterface: z.string(), toInterface: z.string() })
export type RdmaEdge = z.infer<typeof RdmaEdge>

export const Edge = z.union([SocketEdge, RdmaEdge])
export type Edge = z.infer<typeof Edge>

export const Topology = z.object({ edges: z.record(z.string(), Edge) })
export type Topology = z.infer<typeof Topology>

export const isSocketEdge = (edge: Edge): edge is SocketEdge => 'ip' in edge

/** One edge has one key, so that it changes at constant cost. */
export const edgeKey = (edge: Edge): string =>
  isSocketEdge(edge) ? `${edge.from}>${edge.to}@${edge.ip}` : `${edge.from}>${edge.to}#${edge.fromInterface}`

const listed = new WeakMap<Topology['edges'], readonly Edge[]>()

/** All edges as a list, made once for a topology: it is asked for often, and it can be long. */
export const edgesOf = ({ edges }: Topology): readonly Edge[] => {
  const known = listed.get(edges)
  if (known) return known
  const list = Object.values(edges)
  listed.set(edges, list)
  return list
}
