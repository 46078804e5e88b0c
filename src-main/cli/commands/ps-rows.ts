import type { Instance } from '@core/state/instances'
import { currentInstance, instancesOf, isReady, nodeName } from '@core/state/bindings'
import { measuredSpeed } from '@core/state/last-measured'
import type { MetaInstance } from '@core/state/meta-instances'
import { readyReplicas, replicasOf } from '@core/state/replicas'
import type { State } from '@core/state/state'
import { temporaryOf } from '@core/state/scheduling'
import { statusOf } from '@core/state/status'
import { idleUntil } from '@core/state/idleness'
import { isLive } from '@core/state/tasks'

/** One line of `muster ps`, and one entry of its JSON. Its fields are documented in docs/cli.md. */
export interface PsRow {
  /** Absent for an instance without a declaration. */
  readonly id?: string
  readonly name?: string
  readonly modelId: string
  /** May include a count: `RETRYING (1/3)`. */
  readonly status: string
  readonly detail: string
  readonly lifetime: 'always' | 'on-request' | 'pinned' | 'unmanaged'
  /** Milliseconds since 1970 at which an on-request model is unloaded unless used again. */
  readonly endsAt?: number
  readonly instanceId?: string
  /** Replicas wanted and ready; absent if one is wanted. `machines` then covers all replicas. */
  readonly replicas?: { readonly wanted: number; readonly ready: number }
  readonly sharding: string
  /** In rank order; layers are a half-open range. */
  readonly machines: readonly { nodeId: string; name: string; rank: number; startLayer: number; endLayer: number }[]
  /** Memory reserved on all machines together. */
  readonly memoryBytes: number
  /** Running and queued requests. */
  readonly requests: number
  /** Those of `requests` that are queued. */
  readonly queued: number
  /** Measured single-user speed of this placement; absent before its first answer. */
  readonly tokensPerSecond?: number
}

const placed = (state: State, instance: Instance) => {
  const { instanceId, modelId, sharding, instanceMeta, shards, claims } = instance
  const requests = Object.values(state.tasks).filter((task) => task.instanceId === instanceId && isLive(task))
  const speed = measuredSpeed(state, { modelId, sharding, instanceMeta, nodeIds: shards.map(({ nodeId }) => nodeId) })
  return {
    instanceId,
    machines: shards.map(({ nodeId, rank, startLayer, endLayer }) => ({
      ...{ nodeId, name: nodeName(state, nodeId) },
      ...{ rank, startLayer, endLayer },
    })),
    memoryBytes: Object.values(claims).reduce((sum, bytes) => sum + bytes, 0),
    requests: requests.length,
    queued: requests.filter(({ status }) => status === 'Pending').length,
    ...(speed && { tokensPerSecond: speed.tokensPerSecond }),
  }
}

const NOWHERE = { machines: [], memoryBytes: 0, requests: 0, queued: 0 }

const lifetimeOf = (metaInstance: MetaInstance): PsRow['lifetime'] => {
  if (!temporaryOf(metaInstance)) return 'always'
  return metaInstance.pinned ? 'pinned' : 'on-request'
}

const declared = (state: State, metaInstance: MetaInstance): PsRow => {
  const { metaInstanceId, name, modelId, sharding } = metaInstance
  const { status, detail } = statusOf(state, metaInstance)
  const instance = currentInstance(state, metaInstanceId)
  const endsAt = idleUntil(state, metaInstance, { deadlinesBegan: 0 })
  return {
    id: metaInstanceId,
    ...(name !== undefined && { name }),
    ...{ modelId, status, detail, sharding },
    lifetime: lifetimeOf(metaInstance),
    ...(endsAt !== undefined && { endsAt }),
    ...(instance ? placed(state, instance) : NOWHERE),
    ...(replicasOf(metaInstance) > 1 && totals(state, metaInstance)),
  }
}

/** Totals over all replicas. */
const totals = (state: State, metaInstance: MetaInstance) => {
  const { ready, wanted } = readyReplicas(state, metaInstance)
  const all = instancesOf(state, metaInstance.metaInstanceId).map((instance) => placed(state, instance))
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  return {
    replicas: { wanted, ready: ready.length },
    machines: all.flatMap(({ machines }) => machines),
    memoryBytes: sum(all.map(({ memoryBytes }) => memoryBytes)),
    requests: sum(all.map(({ requests }) => requests)),
    queued: sum(all.map(({ queued }) => queued)),
  }
}

const unmanaged = (state: State, instance: Instance): PsRow => {
  const ready = isReady(state, instance)
  const names = instance.shards.map(({ nodeId }) => nodeName(state, nodeId))
  return {
    modelId: instance.modelId,
    status: ready ? 'READY' : 'LOADING',
    detail: `on ${names.join(', ')}`,
    sharding: instance.sharding,
    lifetime: 'unmanaged',
    ...placed(state, instance),
  }
}

/** Declarations, then instances without one, each in order of creation. */
export const psRows = (state: State): PsRow[] => [
  ...Object.values(state.metaInstances).map((metaInstance) => declared(state, metaInstance)),
  ...Object.values(state.instances)
    .filter(({ metaInstanceId }) => metaInstanceId === undefined)
    .map((instance) => unmanaged(state, instance)),
]
