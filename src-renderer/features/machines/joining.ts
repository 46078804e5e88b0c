import { printNodeId } from '@core/identity/node-id'
import { parsePeerAddress } from '@core/settings/peer-address'
import type { JoinBy, Nearby } from '../../state/membership.svelte'

/** A cluster that announces itself here, by those of its machines that do. */
export interface NearbyCluster {
  readonly clusterId: string
  readonly machines: readonly Nearby[]
  /** Whom to ask. */
  readonly door: Nearby
}

/** Machines of one cluster together, in the order they are known in. */
export const nearbyClusters = (nearby: readonly Nearby[]): readonly NearbyCluster[] => {
  const clusters = new Map<string, Nearby[]>()
  for (const machine of nearby) clusters.set(machine.clusterId, [...(clusters.get(machine.clusterId) ?? []), machine])
  return [...clusters].flatMap(([clusterId, machines]) => {
    const [door] = machines
    return door ? [{ clusterId, machines, door }] : []
  })
}

/** What a machine near calls itself, or else its id. */
export const nearbyName = ({ friendlyName, nodeId }: Pick<Nearby, 'friendlyName' | 'nodeId'>): string =>
  friendlyName ?? printNodeId(nodeId)

/** What somebody pasted or typed: a whole command, a token or an address. Undefined where it can be none of them. */
export const parseJoin = (text: string): JoinBy | undefined => {
  const trimmed = text.trim().replace(/^muster\s+join\s+/, '')
  if (/^muster1\.\S+$/.test(trimmed)) return { token: trimmed }
  return parsePeerAddress(trimmed) ? { address: trimmed } : undefined
}

/** Six digits in two groups, as people read them out. */
export const digitGroups = (digits: string): readonly string[] => digits.match(/.{1,3}/g) ?? []
