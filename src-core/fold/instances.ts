import { type Instance } from '../state/instances'
import { isServing } from '../state/runners'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope, Event } from '../events/event'
import type { Timestamp } from '../ids'
import { shardOfRunner } from './runners'

/** The last runner to report may have served before this leader led. */
const servingSince = (at: Timestamp, { servingMs = 0 }: Extract<Event, { type: 'RunnerStatusUpdated' }>): Timestamp =>
  Math.max(0, at - servingMs)

export const reduceInstances = (state: State, { at, event }: Envelope): Changes<Instance> | undefined => {
  const family = state.instances
  switch (event.type) {
    case 'InstanceCreated':
      return put(event.instance.instanceId, event.instance)
    case 'InstanceDeleted':
      return drop(family, event.instanceId)
    case 'InstanceRetrying':
      return amend<Instance>(family, event.instanceId, ({ readySince: _ended, ...instance }) => ({
        ...instance,
        shards: instance.shards.map((shard) => ({ ...shard, runnerId: event.runnerIds[shard.rank] ?? shard.runnerId })),
      }))
    case 'RunnerStatusUpdated': {
      const instance = shardOfRunner(state, event.runnerId)?.instance
      if (instance === undefined || instance.readySince !== undefined || !isServing(event)) return undefined
      const ready = instance.shards.every(({ runnerId }) => {
        const runner = state.runners[runnerId]
        return runnerId === event.runnerId || (runner !== undefined && isServing(runner))
      })
      return ready ? put(instance.instanceId, { ...instance, readySince: servingSince(at, event) }) : undefined
    }
    case 'RunnerDeleted': {
      const instance = shardOfRunner(state, event.runnerId)?.instance
      if (instance === undefined || instance.readySince === undefined) return undefined
      const { readySince: _ended, ...starting } = instance
      return put(instance.instanceId, starting)
    }
    default:
      return undefined
  }
}
