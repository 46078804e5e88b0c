import { instancesOf } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import type { Ending } from './ending'
import { fewestToEnd } from './giving-way'
import type { ModelCard } from './model-card'
import type { Placement, PlacementResult } from './place'
import { placePreferably, type PreferringRequest } from './place-preferably'
import type { PlacementSpace } from './space'

/** A placement, and what ends for it; nothing if it fits beside everything. */
export type RoomMade =
  | { readonly status: 'placed'; readonly placement: Placement; readonly ends: readonly Ending[] }
  | Extract<PlacementResult, { status: 'refused' }>

/** What ends with these instances: a temporary declaration ends with all of its instances. */
export const endingsOf = (state: State, instances: readonly Instance[]): Ending[] => {
  const seen = new Set<string>()
  return instances.flatMap(({ instanceId, metaInstanceId, modelId }): Ending[] => {
    const key = metaInstanceId ?? instanceId
    if (seen.has(key)) return []
    seen.add(key)
    if (metaInstanceId === undefined) return [{ modelId, instanceIds: [instanceId] }]
    const name = state.metaInstances[metaInstanceId]?.name
    const all = instancesOf(state, metaInstanceId).map((one) => one.instanceId)
    return [{ modelId, metaInstanceId, ...(name !== undefined && { name }), instanceIds: all }]
  })
}

/**
 * Predicts what passes do with a declaration: they place it beside everything, or else end what `givingWay` of
 * `reconcile` finds by the same functions and then place it.
 */
export const placeMakingRoom = (space: PlacementSpace, card: ModelCard, request: PreferringRequest): RoomMade => {
  const beside = placePreferably(space, card, request)
  if (beside.status === 'placed') return { ...beside, ends: [] }
  const placedWithout = (ended: ReadonlySet<string>): PlacementResult =>
    placePreferably(space.without(ended), card, request)
  const ending = fewestToEnd(space.mayEnd, (ended) => placedWithout(ended).status === 'placed')
  if (ending === undefined) return beside
  const ends = endingsOf(space.state, ending)
  const result = placedWithout(new Set(ends.flatMap(({ instanceIds }) => instanceIds)))
  return result.status === 'placed' ? { ...result, ends } : beside
}
