import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import { LinkTable, secondsPerStep, THROUGHPUT_USERS } from './cost-model'
import type { ModelCard } from './model-card'
import type { ShardPlan } from './shards'

/** A group that could hold the model, with what tells it from others. */
export interface Choice {
  readonly shards: readonly ShardPlan[]
  /** Bytes by node. */
  readonly claims: Readonly<Record<string, number>>
  /** Free bytes of all its machines. */
  readonly free: number
  /** Whether one of its machines is at the end of a cable. */
  readonly hasLeaf: boolean
}

/** Sorts the better choice first. */
export type Comparison = (a: Choice, b: Choice) => number

export interface PreferenceOptions {
  readonly state: State
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

/**
 * `largest`: most nodes, then groups with a leaf, then most free memory. `smallest`: fewest nodes, then most free
 * memory. `interactivity`: least time per token for one user. `throughput`: most tokens/s at 8 users divided by
 * machines, then fewer machines. Among equals more of the model on disk; names decide the rest, so that the same
 * state is always placed alike.
 */
export const comparisonFor = ({ state, card, request }: PreferenceOptions): Comparison => {
  const { placementPreference, sharding, instanceMeta } = request
  const disk = onDisk(state, card)
  const last: Comparison = (a, b) => disk(b) - disk(a) || (names(a) < names(b) ? -1 : Number(names(a) > names(b)))
  const fewest: Comparison = (a, b) => size(a) - size(b) || b.free - a.free
  const seconds = (users: number) => {
    const links = new LinkTable(state)
    return remembered(
      ({ shards }) => secondsPerStep(state, { card, sharding, instanceMeta, shards }, links, users) ?? Infinity,
    )
  }
  switch (placementPreference) {
    case 'largest':
      return (a, b) => size(b) - size(a) || Number(b.hasLeaf) - Number(a.hasLeaf) || b.free - a.free || last(a, b)
    case 'smallest':
      return (a, b) => fewest(a, b) || last(a, b)
    case 'interactivity': {
      const token = seconds(1)
      // Machines of unknown bandwidth come last, all alike.
      return (a, b) => (token(a) === token(b) ? 0 : token(a) - token(b)) || fewest(a, b) || last(a, b)
    }
    case 'throughput': {
      const step = seconds(THROUGHPUT_USERS)
      const cost = (choice: Choice): number => step(choice) * size(choice)
      return (a, b) => (cost(a) === cost(b) ? 0 : cost(a) - cost(b)) || fewest(a, b) || last(a, b)
    }
  }
}
