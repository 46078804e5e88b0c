import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'

const ANY_ADDRESS = '0.0.0.0'

/**
 * Where the ranks of a ring meet, as one of them reaches the others: by rank `ip:port`, null where it has no business.
 * Its own entry is where it listens: the address the rank before it uses. Undefined until all have told their ports.
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
