import type { NodeId } from '../ids'
import type { State } from '../state/state'
import { lacksDisk } from './disk-room'
import type { ModelCard } from './model-card'
import { isNamedGroup, place, type PlacementResult } from './place'
import type { PlacementRequest } from './placement-request'
import type { PlacementSpace } from './space'

/** A request with what is known of the machines that should be spared. */
export interface PreferringRequest extends PlacementRequest {
  /** Machines on which it failed last. */
  readonly failedNodeIds?: readonly NodeId[] | undefined
  /** A request waits for it, so that a download would take too long. */
  readonly isAwaited?: boolean
}

/** Machines that would have to download the model first. Empty if no machine is known to have it. */
const withoutFiles = ({ nodes, downloads }: State, { modelId }: Pick<ModelCard, 'modelId'>): NodeId[] => {
  const all = Object.values(nodes).map(({ nodeId }) => nodeId)
  const without = all.filter((nodeId) => downloads[nodeId]?.[modelId]?.status !== 'Complete')
  return without.length === all.length ? [] : without
}

/**
 * Places without the machines that have no room for the files and those on which it failed last, if possible; and what a
 * request waits for, on machines that have the model on disk. Machines that were named are used as they are.
 *
 * The reconcile pass, `PlaceInstance`, previews and every prediction choose by this function, so that what is shown is
 * what will be done.
 *
 * @param inventoryMayBePending whether a machine joined so recently that it may not have reported its models yet: it may
 *   have the model
 */
export const placePreferably = (
  space: PlacementSpace,
  card: ModelCard,
  { failedNodeIds = [], isAwaited = false, ...request }: PreferringRequest,
  { inventoryMayBePending = () => false }: { inventoryMayBePending?: (nodeId: NodeId) => boolean } = {},
): PlacementResult => {
  const { state } = space
  const { away = [] } = request
  const present = Object.values(state.nodes).map(({ nodeId }) => nodeId)
  const full = present.filter((nodeId) => !inventoryMayBePending(nodeId) && lacksDisk(state, card, nodeId))
  const slow = isAwaited ? withoutFiles(state, card) : []
  const preferences = isNamedGroup(request)
    ? []
    : [...(slow.length > 0 ? [[...slow, ...failedNodeIds]] : []), ...[[...full, ...failedNodeIds], full, failedNodeIds]]
  const tried = new Set<string>()
  for (const spared of preferences) {
    if (tried.has(spared.join()) || !spared.some((nodeId) => nodeId in state.nodes)) continue
    tried.add(spared.join())
    const elsewhere = place(state, card, { ...request, away: [...away, ...spared] }, space)
    if (elsewhere.status === 'placed') return elsewhere
  }
  return place(state, card, request, space)
}
