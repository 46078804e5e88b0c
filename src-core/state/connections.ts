import type { NodeId } from '../ids'
import type { Instance } from './instances'

/** A connection that an instance was built on, with the key of its edge. */
export interface Connection {
  readonly from: NodeId
  readonly to: NodeId
  readonly key: string
}

/**
 * Returns the edges an instance depends on: the recorded addresses of ring neighbours, or the RDMA interfaces of every
 * pair, in both directions.
 */
export const connectionsOf = ({ shards, instanceMeta, ring, jaccl }: Instance): Connection[] => {
  if (shards.length < 2) return []
  const recorded = (rank: number, nodeId: NodeId): readonly (string | null)[] =>
    (instanceMeta === 'MlxRing' ? ring?.hostsByNode[nodeId] : jaccl?.devices[rank]) ?? []
  const mark = instanceMeta === 'MlxRing' ? '@' : '#'
  return shards.flatMap(({ nodeId: from }, rank) =>
    recorded(rank, from).flatMap((way, other) => {
      const to = shards[other]?.nodeId
      return way === null || to === undefined ? [] : [{ from, to, key: `${from}>${to}${mark}${way}` }]
    }),
  )
}
