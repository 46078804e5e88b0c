import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { CacheDemand } from './memory'
import type { Unfit } from './unfit'

/** What a declaration asks of its place, and what stands against machines. */
export interface PlacementRequest extends Pick<
  Constraints,
  'sharding' | 'instanceMeta' | 'minNodes' | 'nodeIds' | 'placementPreference' | keyof CacheDemand
> {
  /** Machines that cannot load this model. */
  readonly unfit?: Unfit
  /** Over 1: `nodeIds` are shared out among so many, and are no group of their own. */
  readonly replicas?: number | undefined
  /** Machines that other replicas use. */
  readonly taken?: readonly NodeId[]
}
