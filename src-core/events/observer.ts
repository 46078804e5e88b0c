import type { Observation } from './event'
import type { NodeId, RunnerId } from '../ids'
import type { State } from '../state/state'

const nodeOf = (state: State, runnerId: RunnerId): NodeId | undefined => {
  for (const { shards } of Object.values(state.instances)) {
    const shard = shards.find((one) => one.runnerId === runnerId)
    if (shard) return shard.nodeId
  }
  return undefined
}

/** Whether a member may report this: only about itself, its own runners and connections, and tasks it took. */
export const mayObserve = (state: State, from: NodeId, event: Observation): boolean => {
  switch (event.type) {
    case 'NodeGatheredInfo':
    case 'NodeLeaving':
    case 'NodeDownloadProgress':
      return event.nodeId === from
    case 'TopologyEdgeCreated':
      return event.edge.from === from
    case 'TopologyEdgeDeleted':
      // A member that answers at no address cannot report its edges as gone, so the other end may.
      return event.edge.from === from || event.edge.to === from
    case 'RunnerStatusUpdated':
    case 'RunnerDeleted':
    case 'JacclSideChannelData':
      return nodeOf(state, event.runnerId) === from
    case 'TaskCreated':
      return event.task.takenBy === from
    case 'TaskStatusUpdated':
    case 'TaskFailed':
      return state.tasks[event.taskId]?.takenBy === from
    // Only the master reports these.
    case 'NodeTimedOut':
    case 'TaskDeleted':
    case 'JacclSideChannelGathered':
      return false
  }
}
