import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'

const ANY_ADDRESS = '0.0.0.0'

/**
 * Returns the ring's addresses as one rank sees them: `ip:port` by rank, null for ranks that are no neighbours. Its own
 * entry is its listening address, which is the one that the previous rank connects to. Undefined until all ranks have
 * reported their ports.
 */
export const ringHosts = (state: State, { shards, ring }: Instance, nodeId: NodeId): (string | null)[] | undefined => {
  const ports = shards.map(({ runnerId }) => state.runners[runnerId]?.ringPort)
  if (!ring || ports.some((port) => port === undefined)) return undefined
  const own = shards.findIndex((shard) => shard.nodeId === nodeId)
  const before = shards[(own + shards.length - 1) % shards.length]
  const listens = (before && ring.hostsByNode[before.nodeId]?.[own]) ?? ANY_ADDRESS
  const reaches = ring.hostsByNode[nodeId] ?? []
  return shards.map((_, rank) => {
    const ip = rank === own ? listens : reaches[rank]
    return ip === null || ip === undefined ? null : `${ip}:${ports[rank]}`
  })
}
