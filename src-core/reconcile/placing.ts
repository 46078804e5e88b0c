import { place, type PlacementResult } from '../placement/place'
import { unfitMachines, type Unfit } from '../placement/unfit'
import type { ModelCard } from '../placement/model-card'
import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import { replicasOf, nodesTakenBy } from '../state/replicas'
import type { State } from '../state/state'
import { trustedAt } from '../state/topology'
import { filesToldBy } from './expected'
import { mayGiveWay } from './giving-way'
import type { ReconcileInputs } from './process-manager'

/** What placing depends on beside the state. */
export type PlacingInputs = Pick<ReconcileInputs, 'now' | 'unreachable' | 'firstHeard' | 'deadlinesBegan'> & {
  /** The instance that is to be replaced: other replicas keep their machines, and it may share its own. */
  readonly replaced?: Instance | undefined
}

const omit = <Value>(record: Readonly<Record<string, Value>>, keys: ReadonlySet<string>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)))

/** Links that came back too lately to be built on, after they were lost twice. */
const distrusted = (state: State, { now }: PlacingInputs): string[] =>
  Object.entries(state.topology.lost ?? {}).flatMap(([key, lost]) => {
    const from = trustedAt(lost)
    return from !== undefined && now < from && key in state.topology.edges ? [key] : []
  })

const withoutLinks = (state: State, keys: readonly string[]): State => {
  if (keys.length === 0) return state
  return { ...state, topology: { ...state.topology, edges: omit(state.topology.edges, new Set(keys)) } }
}

/** Members that answer nowhere are not built on, though it takes longer until they count as gone. */
const withoutUnreachable = (state: State, unreachable: readonly NodeId[] = []): State =>
  unreachable.some((nodeId) => nodeId in state.nodes)
    ? { ...state, nodes: omit(state.nodes, new Set(unreachable)) }
    : state

/** What may be built on now. */
const buildable = (state: State, inputs: PlacingInputs): State =>
  withoutUnreachable(withoutLinks(state, distrusted(state, inputs)), inputs.unreachable)

/** Machines that have failed to load the model, and have the same files still. */
const unfitNow = (state: State, metaInstance: MetaInstance, inputs: PlacingInputs): Unfit =>
  unfitMachines(state, metaInstance, { inventoryMayBePending: (nodeId) => inputs.now < filesToldBy(nodeId, inputs) })

/** Machines that would have to fetch the model first. None where nobody is known to have it. */
const withoutFiles = ({ nodes, downloads }: State, { modelId }: MetaInstance): string[] => {
  const without = Object.keys(nodes).filter((nodeId) => downloads[nodeId]?.[modelId]?.status !== 'Complete')
  return without.length === Object.keys(nodes).length ? [] : without
}

/**
 * Prefers groups without the machines that failed last, and for a request that waits, machines that have the model on
 * their disks; where machines were asked for by name there is no choice.
 */
const placePreferably = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  inputs: PlacingInputs,
): PlacementResult => {
  const taken = nodesTakenBy(state, metaInstance, inputs.replaced)
  const request = { ...metaInstance, unfit: unfitNow(state, metaInstance, inputs), taken }
  const isNamed = metaInstance.nodeIds !== undefined && replicasOf(metaInstance) === 1
  const avoided: readonly string[] = isNamed ? [] : (metaInstance.failedNodeIds ?? [])
  const slow = isNamed || !temporaryOf(metaInstance) ? [] : withoutFiles(state, metaInstance)
  const omissions = slow.length > 0 ? [[...slow, ...avoided], avoided] : [avoided]
  for (const omitted of omissions) {
    if (!omitted.some((nodeId) => nodeId in state.nodes)) continue
    const elsewhere = place({ ...state, nodes: omit(state.nodes, new Set(omitted)) }, card, request)
    if (elsewhere.status === 'placed') return elsewhere
  }
  return place(state, card, request)
}

/** What a refusal depended on: while all of it is the same, so is the answer. */
const inputsOf = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  placing: PlacingInputs,
): readonly unknown[] => {
  const { nodes, members, topology, instances, downloads } = state
  const links = distrusted(state, placing).join()
  const unfit = Object.keys(unfitNow(state, metaInstance, placing)).join()
  return [
    nodes,
    members,
    topology,
    instances,
    downloads,
    card,
    links,
    unfit,
    placing.unreachable?.join() ?? '',
    placing.replaced,
  ]
}

/** Refusals by declaration, so that placing is tried again only when its inputs changed. */
const refusals = new WeakMap<MetaInstance, { inputs: readonly unknown[]; result: PlacementResult }>()

/** Where a declaration would be placed now, or why it cannot be. */
export const placeDeclared = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  placing: PlacingInputs,
): PlacementResult => {
  const inputs = inputsOf(state, card, metaInstance, placing)
  const known = refusals.get(metaInstance)
  if (known && inputs.every((input, at) => input === known.inputs[at])) return known.result
  const result = placePreferably(buildable(state, placing), card, metaInstance, placing)
  if (result.status === 'refused') refusals.set(metaInstance, { inputs, result })
  return result
}

const without = (state: State, gone: ReadonlySet<string>): State => ({
  ...state,
  instances: omit(state.instances, gone),
})

/** By declaration, when even the end of all that may give way would make no room. */
const hopeless = new WeakMap<MetaInstance, readonly unknown[]>()

/**
 * Which instances have to give way for a declaration to be placed: in the order of `mayGiveWay`, and no more than
 * needed. Undefined where even all of them would not make room.
 */
export const givingWay = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  placing: PlacingInputs,
): Instance[] | undefined => {
  const temporary = mayGiveWay(state, metaInstance, placing)
  if (temporary.length === 0) return undefined
  const all = new Set<string>(temporary.map(({ instanceId }) => instanceId))
  const inputs = [...inputsOf(state, card, metaInstance, placing), [...all].sort().join()]
  const known = hopeless.get(metaInstance)
  if (known && inputs.every((input, at) => input === known[at])) return undefined
  const fits = (gone: ReadonlySet<string>): boolean =>
    placePreferably(buildable(without(state, gone), placing), card, metaInstance, placing).status === 'placed'
  if (!fits(all)) {
    hopeless.set(metaInstance, inputs)
    return undefined
  }
  const gone = new Set(all)
  for (const { instanceId } of [...temporary].reverse()) {
    gone.delete(instanceId)
    if (!fits(gone)) gone.add(instanceId)
  }
  return temporary.filter(({ instanceId }) => gone.has(instanceId))
}
