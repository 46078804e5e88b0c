import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { CacheDemand } from './memory'
import type { Unfit } from './unfit'

/** A declaration's placement constraints, with the machines that are excluded. */
export interface PlacementRequest extends Pick<
  Constraints,
  'sharding' | 'instanceMeta' | 'minNodes' | 'nodeIds' | 'placementPreference' | keyof CacheDemand
> {
  /** Machines that cannot load this model. */
  readonly unfit?: Unfit
  /** Above 1, `nodeIds` is the pool that the replicas divide among them, not one group. */
  readonly replicas?: number | undefined
  /** Machines that are assumed to have left. */
  readonly away?: readonly NodeId[]
  /** Machines that other replicas use. */
  readonly taken?: readonly NodeId[]
}
