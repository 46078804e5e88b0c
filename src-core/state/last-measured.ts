import { speedOf, type MeasuredSpeed, type PlacementKey } from './measured-speeds'
import type { State } from './state'

/** What this placement gave when it last ran; its first machine knows. */
export const measuredSpeed = (state: State, placement: PlacementKey): MeasuredSpeed | undefined => {
  const [first] = placement.nodeIds
  return first === undefined ? undefined : speedOf(state.nodes[first]?.speeds ?? [], placement)
}
