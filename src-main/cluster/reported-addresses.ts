import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import type { PeerAddress } from './links/address-book'

/** Addresses at which other members report that they reach `peer`. */
export const reportedAddresses = ({ topology }: State, peer: NodeId): PeerAddress[] =>
  edgesOf(topology).flatMap((edge) =>
    // Skip addresses with a zone: it is valid only on the machine that reported it.
    edge.to === peer && isSocketEdge(edge) && !edge.ip.includes('%') ? [{ ip: edge.ip, port: edge.port }] : [],
  )
