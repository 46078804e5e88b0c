import { type RunnerId } from '../ids'
import type { Instance, Shard } from '../state/instances'
import { isTerminal, type Runner } from '../state/runners'
import type { State } from '../state/state'
import { drop, dropWhere, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** Finds the shard of a runner; undefined if its instance was deleted or has restarted with other runners. */
export const shardOfRunner = (state: State, runnerId: RunnerId): { instance: Instance; shard: Shard } | undefined => {
  const owned = (instance: Instance | undefined): { instance: Instance; shard: Shard } | undefined => {
    const shard = instance?.shards.find((candidate) => candidate.runnerId === runnerId)
    return instance && shard && { instance, shard }
  }
  // A runner that has reported before names its instance. Only a first report needs the search.
  const known = state.runners[runnerId]
  if (known) return owned(state.instances[known.instanceId])
  for (const instance of Object.values(state.instances)) {
    const found = owned(instance)
    if (found) return found
  }
  return undefined
}

export const reduceRunners = (state: State, { at, event }: Envelope): Changes<Runner> | undefined => {
  const family = state.runners
  switch (event.type) {
    case 'RunnerStatusUpdated': {
      const known = family[event.runnerId]
      if (known && isTerminal(known)) return undefined
      const owner = shardOfRunner(state, event.runnerId)
      if (!owner) return undefined
      const { type: _type, servingMs: _serving, runnerId, ...status } = event
      const since = known?.status === status.status ? known.since : at
      const pid = status.pid ?? known?.pid
      const { nodeId } = owner.shard
      const { instanceId } = owner.instance
      return put<Runner>(runnerId, { ...status, ...(pid !== undefined && { pid }), nodeId, instanceId, since })
    }
    case 'RunnerDeleted':
      return drop(family, event.runnerId)
    case 'InstanceRetrying':
    case 'InstanceDeleted':
      return event.instanceId in state.instances
        ? dropWhere(family, (runner) => runner.instanceId === event.instanceId)
        : undefined
    case 'NodeTimedOut':
    case 'NodeLeaving':
    case 'MemberRemoved':
      return dropWhere(family, (runner) => runner.nodeId === event.nodeId)
    default:
      return undefined
  }
}
