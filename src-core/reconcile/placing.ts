import type { PlacementResult } from '../placement/place'
import { placePreferably, type PreferringRequest } from '../placement/place-preferably'
import { PlacementSpace } from '../placement/space'
import { fewestToEnd, mayGiveWay } from '../placement/giving-way'
import { unfitMachines, type Unfit } from '../placement/unfit'
import type { ModelCard } from '../placement/model-card'
import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import { nodesTakenBy } from '../state/replicas'
import type { State } from '../state/state'
import { trustedAt } from '../state/topology'
import { inventoryDueAt } from './expected'
import type { ReconcileInputs } from './process-manager'

/** Inputs of placing besides the state. */
export type PlacingInputs = Pick<ReconcileInputs, 'now' | 'unreachable' | 'firstHeard' | 'deadlinesBegan'> & {
  /** The instance to be replaced. Its machines may be used again; those of other replicas may not. */
  readonly replaced?: Instance | undefined
}

const omit = <Value>(record: Readonly<Record<string, Value>>, keys: ReadonlySet<string>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)))

/** Links that broke twice and have not been back for long enough to place on. */
const distrusted = (state: State, { now }: PlacingInputs): string[] =>
  Object.entries(state.topology.lost ?? {}).flatMap(([key, lost]) => {
    const from = trustedAt(lost)
    return from !== undefined && now < from && key in state.topology.edges ? [key] : []
  })

const withoutLinks = (state: State, keys: readonly string[]): State => {
  if (keys.length === 0) return state
  return { ...state, topology: { ...state.topology, edges: omit(state.topology.edges, new Set(keys)) } }
}

/** Unreachable members are not placed on, even before they time out. */
const withoutUnreachable = (state: State, unreachable: readonly NodeId[] = []): State =>
  unreachable.some((nodeId) => nodeId in state.nodes)
    ? { ...state, nodes: omit(state.nodes, new Set(unreachable)) }
    : state

/** The state as placement may use it now. */
const buildable = (state: State, inputs: PlacingInputs): State =>
  withoutUnreachable(withoutLinks(state, distrusted(state, inputs)), inputs.unreachable)

/** Machines that failed to load the model and still have the same files. */
const unfitNow = (state: State, metaInstance: MetaInstance, inputs: PlacingInputs): Unfit =>
  unfitMachines(state, metaInstance, { inventoryMayBePending: (nodeId) => inputs.now < inventoryDueAt(nodeId, inputs) })

/** The request of a declaration: what it wants, and what is known of the machines. */
export const requestOf = (
  state: State,
  metaInstance: MetaInstance,
  { unfit, replaced }: { readonly unfit: Unfit; readonly replaced?: Instance | undefined },
): PreferringRequest => ({
  ...metaInstance,
  unfit,
  taken: nodesTakenBy(state, metaInstance, replaced),
  isAwaited: temporaryOf(metaInstance) !== undefined,
})

const placedIn = (
  space: PlacementSpace,
  card: ModelCard,
  metaInstance: MetaInstance,
  inputs: PlacingInputs,
): PlacementResult =>
  placePreferably(
    space,
    card,
    requestOf(space.state, metaInstance, {
      unfit: unfitNow(space.state, metaInstance, inputs),
      replaced: inputs.replaced,
    }),
    { inventoryMayBePending: (nodeId) => inputs.now < inventoryDueAt(nodeId, inputs) },
  )

/** Inputs of a refusal: as long as none changes, the refusal holds. */
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

/** Last refusal per declaration, so that placing runs again only when its inputs changed. */
const refusals = new WeakMap<MetaInstance, { inputs: readonly unknown[]; result: PlacementResult }>()

/** Places a declaration in the current state, or returns why it cannot be placed. */
export const placeDeclared = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  placing: PlacingInputs,
): PlacementResult => {
  const inputs = inputsOf(state, card, metaInstance, placing)
  const known = refusals.get(metaInstance)
  if (known && inputs.every((input, at) => input === known.inputs[at])) return known.result
  const result = placedIn(new PlacementSpace(buildable(state, placing)), card, metaInstance, placing)
  if (result.status === 'refused') refusals.set(metaInstance, { inputs, result })
  return result
}

/** Inputs per declaration for which evicting every candidate would still not free enough memory. */
const noRoom = new WeakMap<MetaInstance, readonly unknown[]>()

/**
 * Returns the instances to evict so that a declaration can be placed: in the order of `mayGiveWay`, no more than
 * needed. Undefined if evicting all of them would not make room.
 */
export const givingWay = (
  state: State,
  card: ModelCard,
  metaInstance: MetaInstance,
  placing: PlacingInputs,
): Instance[] | undefined => {
  const temporary = mayGiveWay(state, metaInstance, placing)
  if (temporary.length === 0) return undefined
  const all = temporary.map(({ instanceId }) => instanceId)
  const inputs = [...inputsOf(state, card, metaInstance, placing), all.sort().join()]
  const known = noRoom.get(metaInstance)
  if (known && inputs.every((input, at) => input === known[at])) return undefined
  const space = new PlacementSpace(buildable(state, placing))
  const ending = fewestToEnd(
    temporary,
    (ended) => placedIn(space.without(ended), card, metaInstance, placing).status === 'placed',
  )
  if (ending === undefined) noRoom.set(metaInstance, inputs)
  return ending
}
