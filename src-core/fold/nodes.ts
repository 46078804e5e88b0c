import type { Node } from '../state/nodes'
import type { State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

export const reduceNodes = ({ nodes, members }: State, { event }: Envelope): Changes<Node> | undefined => {
  switch (event.type) {
    case 'NodeGatheredInfo':
      // Reports of non-members are ignored: one that crossed with a removal must not bring the machine back.
      return event.nodeId in members ? put(event.nodeId, { ...event.info, nodeId: event.nodeId }) : undefined
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return drop(nodes, event.nodeId)
    default:
      return undefined
  }
}
