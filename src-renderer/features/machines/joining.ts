import { printNodeId } from '@core/identity/node-id'
import { parsePeerAddress } from '@core/settings/peer-address'
import type { JoinBy, Nearby } from '../../state/membership.svelte'

/** A cluster announced on the local network, with its announcing machines. */
export interface NearbyCluster {
  readonly clusterId: string
  readonly machines: readonly Nearby[]
  /** The machine to send the join request to. */
  readonly contact: Nearby
}

/** Groups machines by cluster, in the given order. */
export const nearbyClusters = (nearby: readonly Nearby[]): readonly NearbyCluster[] => {
  const clusters = new Map<string, Nearby[]>()
  for (const machine of nearby) clusters.set(machine.clusterId, [...(clusters.get(machine.clusterId) ?? []), machine])
  return [...clusters].flatMap(([clusterId, machines]) => {
    const [contact] = machines
    return contact ? [{ clusterId, machines, contact }] : []
  })
}

/** A nearby machine's name, or its id. */
export const nearbyName = ({ friendlyName, nodeId }: Pick<Nearby, 'friendlyName' | 'nodeId'>): string =>
  friendlyName ?? printNodeId(nodeId)

/** Parses pasted text: a command, a token or an address. Undefined if it is none of them. */
export const parseJoin = (text: string): JoinBy | undefined => {
  const trimmed = text.trim().replace(/^muster\s+join\s+/, '')
  if (/^muster1\.\S+$/.test(trimmed)) return { token: trimmed }
  return parsePeerAddress(trimmed) ? { address: trimmed } : undefined
}

/** Six digits in two groups, for reading aloud. */
export const digitGroups = (digits: string): readonly string[] => digits.match(/.{1,3}/g) ?? []
