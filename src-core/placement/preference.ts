import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import { secondsPerStep, THROUGHPUT_USERS } from './cost-model'
import type { ModelCard } from './model-card'
import type { ShardPlan } from './shards'
import type { PlacementSpace } from './space'

/** A group that could hold the model, with what tells it from others. */
export interface Choice {
  readonly shards: readonly ShardPlan[]
  /** Bytes by node. */
  readonly claims: Readonly<Record<string, number>>
  /** Free bytes of all its machines. */
  readonly free: number
  /** Whether one of its machines is at the end of a cable. */
  readonly hasLeaf: boolean
  /** Whether each of its machines has `SPARE_SHARE` of its memory free afterwards. */
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

/** How much of the model is on its machines' disks already, as a sum of parts. */
const onDisk =
  (state: State, { modelId }: ModelCard) =>
  ({ shards }: Choice): number =>
    shards.reduce((sum, { nodeId }) => sum + Number(state.downloads[nodeId]?.[modelId]?.status === 'Complete'), 0)

/** Gives what a choice costs once, however often it is compared. */
const remembered = (cost: (choice: Choice) => number): ((choice: Choice) => number) => {
  const known = new Map<Choice, number>()
  return (choice) => {
    const value = known.get(choice) ?? cost(choice)
    known.set(choice, value)
    return value
  }
}

/** In whole nanoseconds: less is the rounding of a sum whose parts came in another order, and no difference in speed. */
const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9)

/** The cheaper one first; machines of unknown bandwidth cost `Infinity` and come last, all alike. */
const cheaper = (a: number, b: number): number => (a === b ? 0 : a - b)

/**
 * `auto`: groups that leave every machine `SPARE_SHARE` of its memory before those that do not, then least time per
 * token for one user, then fewest nodes, then as `largest`. `largest`: most nodes, then groups with a leaf, then most free memory. `smallest`: fewest nodes, then most free
 * memory. `interactivity`: least time per token for one user, then as `smallest`. `throughput`: most tokens/s at 8
 * users divided by machines, then as `smallest`. Among equals more of the model on disk; names decide the rest, so that
 * the same state is always placed alike.
 */
export const comparisonFor = ({ space, card, request }: PreferenceOptions): Comparison => {
  const { placementPreference, sharding, instanceMeta } = request
  const { state } = space
  const disk = onDisk(state, card)
  const last: Comparison = (a, b) => disk(b) - disk(a) || (names(a) < names(b) ? -1 : Number(names(a) > names(b)))
  const fewest: Comparison = (a, b) => size(a) - size(b) || b.free - a.free
  const leafFirst: Comparison = (a, b) => Number(b.hasLeaf) - Number(a.hasLeaf) || b.free - a.free || last(a, b)
  const time = (users: number) => {
    return remembered(({ shards }) =>
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
