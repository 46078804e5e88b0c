import type { NodeId } from '../ids'
import type { Instance } from './instances'

/** A connection that an instance was built on, by the key of its edge. */
export interface Connection {
  readonly from: NodeId
  readonly to: NodeId
  readonly key: string
}

/** What must stay for an instance to work: ring neighbours' recorded addresses, or every pair's RDMA interfaces, each way. */
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
