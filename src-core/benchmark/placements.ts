import type { ModelCard } from '../placement/model-card'
import { previews } from '../placement/previews'
import type { BenchmarkPlan, BenchmarkScope } from '../protocols/benchmark'
import { isReady, nodeName } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { NodeId } from '../ids'
import type { InstanceMeta, Sharding } from '../state/meta-instances'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { targetOf } from '../generation/route'

/** Most placements measured in one benchmark. */
const MAX_PLACEMENTS = 8

/** Where a benchmark measures: an existing instance, or machines on which one is placed for it. */
export interface Planned {
  readonly nodeIds: readonly NodeId[]
  readonly sharding: Sharding
  readonly instanceMeta: InstanceMeta
  readonly instance?: Instance
}

const key = ({ nodeIds, sharding, instanceMeta }: Planned): string => [sharding, instanceMeta, ...nodeIds].join()

/** Returns the placements that a benchmark of a model measures, serving ones first. */
export const plannedPlacements = (state: State, model: string, card: ModelCard, scope: BenchmarkScope): Planned[] => {
  const { instances } = targetOf(state, model)
  const here = instances
    .filter((instance) => isReady(state, instance))
    .map((instance): Planned => {
      const { sharding, instanceMeta, shards } = instance
      return { nodeIds: shards.map(({ nodeId }) => nodeId), sharding, instanceMeta, instance }
    })
  if (scope === 'here') return here
  const known = new Set(here.map(key))
  // The best group of each size, and each machine alone.
  const alone = Object.values(state.nodes).flatMap(({ nodeId }) => previews(state, card, { nodeIds: [nodeId] }))
  const others = [...previews(state, card, {}), ...alone].flatMap((preview): Planned[] => {
    if ('error' in preview) return []
    const { nodeIds, sharding, instanceMeta } = preview
    // On a single machine the sharding makes no difference.
    const planned: Planned = { nodeIds, sharding: nodeIds.length === 1 ? 'Pipeline' : sharding, instanceMeta }
    if (known.has(key(planned))) return []
    known.add(key(planned))
    return [planned]
  })
  return [...here, ...others].slice(0, MAX_PLACEMENTS)
}

/** Returns what the benchmark disturbs. */
const disturbances = ({ tasks }: State, planned: readonly Planned[]): BenchmarkPlan['disturbs'] => {
  const ids = new Set(planned.flatMap(({ instance }) => instance?.instanceId ?? []))
  return {
    serving: ids.size > 0,
    requests: Object.values(tasks).filter((task) => isLive(task) && ids.has(task.instanceId)).length,
    loads: planned.filter(({ instance }) => !instance).length,
  }
}

/** Returns what a benchmark would do, to show before it starts. */
export const benchmarkPlan = (state: State, planned: readonly Planned[]): BenchmarkPlan => ({
  placements: planned.map(({ nodeIds, sharding, instanceMeta }) => ({
    machines: nodeIds.map((nodeId) => ({ nodeId, name: nodeName(state, nodeId) })),
    sharding,
    instanceMeta,
  })),
  disturbs: disturbances(state, planned),
})
