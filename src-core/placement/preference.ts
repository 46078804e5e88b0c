import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import { secondsPerStep, THROUGHPUT_USERS } from './cost-model'
import type { ModelCard } from './model-card'
import type { ShardPlan } from './shards'
import type { PlacementSpace } from './space'

/** A group that can hold the model, with the properties it is ranked by. */
export interface Choice {
  readonly shards: readonly ShardPlan[]
  /** Bytes by node. */
  readonly claims: Readonly<Record<string, number>>
  /** Free bytes on all its machines together. */
  readonly free: number
  /** Whether one of its machines has a single link. */
  readonly hasLeaf: boolean
  /** Whether `SPARE_SHARE` of every machine's memory stays free. */
  readonly leavesSpare: boolean
}

/** Sorts the better choice first. */
export type Comparison = (a: Choice, b: Choice) => number

export interface PreferenceOptions {
  readonly space: PlacementSpace
  readonly card: ModelCard
  readonly request: Pick<Constraints, 'sharding' | 'instanceMeta' | 'placementPreference'>
}

const size = ({ shards }: Choice): number => shards.length

const names = ({ shards }: Choice): string => shards.map(({ nodeId }) => nodeId).join()

/** Counts the machines that have the model on disk. */
const onDisk =
  (state: State, { modelId }: ModelCard) =>
  ({ shards }: Choice): number =>
    shards.reduce((sum, { nodeId }) => sum + Number(state.downloads[nodeId]?.[modelId]?.status === 'Complete'), 0)

/** Computes each choice's cost once, however often it is compared. */
const memoized = (cost: (choice: Choice) => number): ((choice: Choice) => number) => {
  const known = new Map<Choice, number>()
  return (choice) => {
    const value = known.get(choice) ?? cost(choice)
    known.set(choice, value)
    return value
  }
}

/** Rounds to whole nanoseconds, so that summing the same parts in another order makes no difference. */
const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9)

/** Sorts the lower cost first. Machines of unknown bandwidth cost `Infinity`: they come last and are equal. */
const cheaper = (a: number, b: number): number => (a === b ? 0 : a - b)

/**
 * Returns the order of choices for a preference:
 * - `auto`: groups that leave every machine `SPARE_SHARE` of its memory, then least time per token for one user, then
 *   fewest nodes, then as `largest`.
 * - `largest`: most nodes, then groups with a leaf, then most free memory.
 * - `smallest`: fewest nodes, then most free memory.
 * - `interactivity`: least time per token for one user, then as `smallest`.
 * - `throughput`: most tokens/s at 8 users divided by machines, then as `smallest`.
 *
 * Ties go to the group with more machines that have the model on disk, then to the lower node ids, so that placement is
 * deterministic.
 */
export const comparisonFor = ({ space, card, request }: PreferenceOptions): Comparison => {
  const { placementPreference, sharding, instanceMeta } = request
  const { state } = space
  const disk = onDisk(state, card)
  const last: Comparison = (a, b) => disk(b) - disk(a) || (names(a) < names(b) ? -1 : Number(names(a) > names(b)))
  const fewest: Comparison = (a, b) => size(a) - size(b) || b.free - a.free
  const leafFirst: Comparison = (a, b) => Number(b.hasLeaf) - Number(a.hasLeaf) || b.free - a.free || last(a, b)
  const time = (users: number) => {
    return memoized(({ shards }) =>
      nanoseconds(secondsPerStep(state, { card, sharding, instanceMeta, shards }, space.links, users) ?? Infinity),
    )
  }
  switch (placementPreference) {
    case 'auto': {
      const token = time(1)
      return (a, b) =>
        Number(b.leavesSpare) - Number(a.leavesSpare) ||
        cheaper(token(a), token(b)) ||
        size(a) - size(b) ||
        leafFirst(a, b)
    }
    case 'largest':
      return (a, b) => size(b) - size(a) || leafFirst(a, b)
    case 'smallest':
      return (a, b) => fewest(a, b) || last(a, b)
    case 'interactivity': {
      const token = time(1)
      return (a, b) => cheaper(token(a), token(b)) || fewest(a, b) || last(a, b)
    }
    case 'throughput': {
      const step = time(THROUGHPUT_USERS)
      const cost = (choice: Choice): number => step(choice) * size(choice)
      return (a, b) => cheaper(cost(a), cost(b)) || fewest(a, b) || last(a, b)
    }
  }
}
