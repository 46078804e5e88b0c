import { speedOf, type MeasuredSpeed, type PlacementKey } from './measured-speeds'
import type { State } from './state'

/** Returns a placement's speed when it last ran, as reported by the machine of rank 0. */
export const measuredSpeed = (state: State, placement: PlacementKey): MeasuredSpeed | undefined => {
  const [first] = placement.nodeIds
  return first === undefined ? undefined : speedOf(state.nodes[first]?.speeds ?? [], placement)
}
