import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'
import { InterfaceType } from './nodes'

/** `from` has recently reached `to` at this address. */
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

/** A link that broke recently: the times of its last two losses, and since when it is up again. */
export const LostLink = z.object({ lostAt: z.array(Timestamp).min(1).max(2), backSince: Timestamp.optional() })
export type LostLink = z.infer<typeof LostLink>

export const Topology = z.object({
  edges: z.record(z.string(), Edge),
  /** By edge key; absent until a link breaks. */
  lost: z.record(z.string(), LostLink).optional(),
})
export type Topology = z.infer<typeof Topology>

export const isSocketEdge = (edge: Edge): edge is SocketEdge => 'ip' in edge

/** Whether a ring can use it: MLX's ring parses `address:port` and supports IPv4 only. */
export const carriesRing = (edge: Edge): edge is SocketEdge => isSocketEdge(edge) && !edge.ip.includes(':')

/** Returns the key of an edge in `Topology.edges`. */
export const edgeKey = (edge: Edge): string =>
  isSocketEdge(edge) ? `${edge.from}>${edge.to}@${edge.ip}` : `${edge.from}>${edge.to}#${edge.fromInterface}`

/** A link lost twice within this time is not trusted at once when it comes back. */
export const LINK_LOST_TWICE_MS = 60_000

/** How long such a link must stay up before it is used again. */
const LINK_HOLDS_MS = 30_000

/** Returns when a link may be used again; undefined if it may be used now, or is down. */
export const trustedAt = ({ lostAt: [first, second], backSince }: LostLink): Timestamp | undefined =>
  first === undefined || second === undefined || backSince === undefined || second - first > LINK_LOST_TWICE_MS
    ? undefined
    : backSince + LINK_HOLDS_MS

/** Whether a loss can still matter: a second loss may follow soon, or the link has not been up long enough. */
export const isRecentLoss = (lost: LostLink, now: Timestamp): boolean =>
  now - (lost.lostAt.at(-1) ?? 0) <= LINK_LOST_TWICE_MS || (trustedAt(lost) ?? 0) > now

const edgeLists = new WeakMap<Topology['edges'], readonly Edge[]>()

/** Lists all edges; cached per topology, as it is called often and can be long. */
export const edgesOf = ({ edges }: Topology): readonly Edge[] => {
  const known = edgeLists.get(edges)
  if (known) return known
  const list = Object.values(edges)
  edgeLists.set(edges, list)
  return list
}
