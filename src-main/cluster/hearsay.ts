import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import type { PeerAddress } from './links/address-book'

/** Where other members say that they reach it. */
export const hearsay = ({ topology }: State, peer: NodeId): PeerAddress[] =>
  edgesOf(topology).flatMap((edge) =>
    // A zone means something on the machine that said it.
    edge.to === peer && isSocketEdge(edge) && !edge.ip.includes('%') ? [{ ip: edge.ip, port: edge.port }] : [],
  )
