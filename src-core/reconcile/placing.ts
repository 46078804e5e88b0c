import { place, type PlacementResult } from '../placement/place'
import type { ModelCard } from '../placement/model-card'
import type { Timestamp } from '../ids'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { trustedAt } from '../state/topology'

const omit = <Value>(record: Readonly<Record<string, Value>>, keys: ReadonlySet<string>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)))

/** Links that came back too lately to be built on, after they were lost twice. */
const distrusted = (state: State, now: Timestamp): string[] =>
  Object.entries(state.topology.lost ?? {}).flatMap(([key, lost]) => {
    const from = trustedAt(lost)
    return from !== undefined && now < from && key in state.topology.edges ? [key] : []
  })

const withoutLinks = (state: State, keys: readonly string[]): State => {
  if (keys.length === 0) return state
  return { ...state, topology: { ...state.topology, edges: omit(state.topology.edges, new Set(keys)) } }
}

/** Prefers groups without the machines that failed last; where those were asked for by name there is no choice. */
const placePreferably = (state: State, card: ModelCard, metaInstance: MetaInstance): PlacementResult => {
  const avoided = new Set<string>(metaInstance.nodeIds ? [] : metaInstance.failedNodeIds)
  if ([...avoided].some((nodeId) => nodeId in state.nodes)) {
    const elsewhere = place({ ...state, nodes: omit(state.nodes, avoided) }, card, metaInstance)
    if (elsewhere.status === 'placed') return elsewhere
  }
  return place(state, card, metaInstance)
}

/** What a refusal depended on: while all of it is the same, so is the answer. */
const inputsOf = (state: State, card: ModelCard, links: readonly string[]): readonly unknown[] => {
  const { nodes, members, topology, instances, downloads } = state
  return [nodes, members, topology, instances, downloads, card, links.join()]
}

/** Refusals by declaration, so that placing is tried again only when its inputs changed. */
const refusals = new WeakMap<MetaInstance, { inputs: readonly unknown[]; result: PlacementResult }>()

/** Where a declaration would be placed now, or why it cannot be. */
export const placeDeclared = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  now: Timestamp,
): PlacementResult => {
  const links = distrusted(state, now)
  const inputs = inputsOf(state, card, links)
  const known = refusals.get(metaInstance)
  if (known && inputs.every((input, at) => input === known.inputs[at])) return known.result
  const result = placePreferably(withoutLinks(state, links), card, metaInstance)
  if (result.status === 'refused') refusals.set(metaInstance, { inputs, result })
  return result
}

const without = (state: State, gone: ReadonlySet<string>): State => ({
  ...state,
  instances: omit(state.instances, gone),
})

/**
 * Which instances have to give way for a declaration to be placed: those that nothing keeps, oldest
 * first and no more than needed. Undefined where even all of them would not make room.
 */
export const givingWay = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  now: Timestamp,
): Instance[] | undefined => {
  const temporary = Object.values(state.instances).filter((instance) => instance.metaInstanceId === undefined)
  if (temporary.length === 0) return undefined
  const fits = (gone: ReadonlySet<string>): boolean =>
    placePreferably(withoutLinks(without(state, gone), distrusted(state, now)), card, metaInstance).status === 'placed'
  const gone = new Set<string>(temporary.map(({ instanceId }) => instanceId))
  if (!fits(gone)) return undefined
  for (const { instanceId } of [...temporary].reverse()) {
    gone.delete(instanceId)
    if (!fits(gone)) gone.add(instanceId)
  }
  return temporary.filter(({ instanceId }) => gone.has(instanceId))
}
