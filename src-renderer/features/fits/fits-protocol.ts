import type { ModelCard } from '@core/placement/model-card'
import { emptyState, type State } from '@core/state/state'
import type { Fit } from './fit'

/** Families that a placement depends on; edges stand for the topology. */
export const FAMILIES = ['members', 'nodes', 'instances', 'downloads', 'edges'] as const
type FamilyName = (typeof FAMILIES)[number]

/** What became of a family's entries: new ones, and `null` for those that are gone. */
export type FamilyChanges = Readonly<Record<string, unknown>>
export type InputChanges = Readonly<Partial<Record<FamilyName, FamilyChanges>>>

/** To the worker: what changed since the last one of these, and what is asked about it. */
export interface FitQuestion {
  readonly version: number
  readonly changes: InputChanges
  readonly cards: readonly ModelCard[]
}

/** From the worker, model by model. */
export interface FitAnswer {
  readonly version: number
  readonly modelId: string
  readonly fit: Fit | undefined
}

type Families = Readonly<Record<FamilyName, Readonly<Record<string, unknown>>>>

export const familiesOf = ({ members, nodes, instances, downloads, topology }: State): Families => ({
  ...{ members, nodes, instances, downloads },
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

/** What to tell whoever knows `before`: entries are compared as objects, for a fold keeps those that no event touched. */
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

/** The state that a placement is to be found in, from what was known of it and what changed. */
export const applied = (state: State, changes: InputChanges): State => {
  const known = familiesOf(state)
  const { edges, ...families } = Object.fromEntries(
    FAMILIES.map((name) => [name, withChanges(known[name], changes[name])]),
  ) as Families
  // Entries are what the other side's State held under the same names.
  return { ...state, ...families, topology: { ...state.topology, edges } } as State
}

export const nothingKnown = (): State => emptyState()
