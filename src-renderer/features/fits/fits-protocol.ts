import type { ModelCard } from '@core/placement/model-card'
import type { InstanceId } from '@core/ids'
import { PlacementSpace } from '@core/placement/space'
import { emptyState, type State } from '@core/state/state'
import type { Fit } from './fit'

/** State families that placement depends on; edges stand for the topology. */
export const FAMILIES = ['members', 'nodes', 'metaInstances', 'instances', 'downloads', 'edges'] as const
type FamilyName = (typeof FAMILIES)[number]

/** Changed entries of a family; `null` for removed ones. */
export type FamilyChanges = Readonly<Record<string, unknown>>
export type InputChanges = Readonly<Partial<Record<FamilyName, FamilyChanges>>>

/** To the worker: changes since the last question, and the models asked about. */
export interface FitQuestion {
  readonly version: number
  readonly changes: InputChanges
  /** What may end for a placement, in that order; it depends on requests, which are not sent. */
  readonly mayEnd: readonly InstanceId[]
  readonly cards: readonly ModelCard[]
}

/** From the worker, one per model. */
export interface FitAnswer {
  readonly version: number
  readonly modelId: string
  readonly fit: Fit | undefined
}

type Families = Readonly<Record<FamilyName, Readonly<Record<string, unknown>>>>

export const familiesOf = ({ members, nodes, metaInstances, instances, downloads, topology }: State): Families => ({
  ...{ members, nodes, metaInstances, instances, downloads },
  edges: topology.edges,
})

const changesOf = (
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): FamilyChanges | undefined => {
  if (before === after) return undefined
  const changes: Record<string, unknown> = {}
  for (const id in after) if (after[id] !== before[id]) changes[id] = after[id]
  for (const id in before) if (!(id in after)) changes[id] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}

/** Changes for a worker that holds `before`. Entries are compared by identity, because folding keeps untouched ones. */
export const changesBetween = (before: Families, after: Families): InputChanges =>
  Object.fromEntries(
    FAMILIES.flatMap((name) => {
      const changes = changesOf(before[name], after[name])
      return changes === undefined ? [] : [[name, changes]]
    }),
  )

const withChanges = (family: Readonly<Record<string, unknown>>, changes: FamilyChanges | undefined) =>
  changes === undefined
    ? family
    : Object.fromEntries(Object.entries({ ...family, ...changes }).filter(([, value]) => value !== null))

/** Applies changes to the state used for placement. */
export const applied = (state: State, changes: InputChanges): State => {
  const known = familiesOf(state)
  const { edges, ...families } = Object.fromEntries(
    FAMILIES.map((name) => [name, withChanges(known[name], changes[name])]),
  ) as Families
  // Safe: the entries come from a State's families of the same names.
  return { ...state, ...families, topology: { ...state.topology, edges } } as State
}

/** Where a question's models are placed. */
export const spaceOf = (state: State, { mayEnd }: Pick<FitQuestion, 'mayEnd'>): PlacementSpace =>
  new PlacementSpace(
    state,
    mayEnd.flatMap((instanceId) => state.instances[instanceId] ?? []),
  )

export const initialState = (): State => emptyState()
