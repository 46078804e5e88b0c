import type { NodeId } from '../ids'
import type { FailedPreview, Preview } from '../protocols/control'
import { InstanceMeta, Sharding } from '../state/meta-instances'
import type { State } from '../state/state'
import { LinkTable, predict } from './cost-model'
import type { ModelCard } from './model-card'
import { place } from './place'

export interface PreviewQuery {
  readonly nodeIds?: readonly NodeId[] | undefined
  readonly minNodes?: number | undefined
  /** What if this machine were not there? */
  readonly without?: NodeId | undefined
  readonly maxContext?: number | undefined
}

const withoutNode = (state: State, nodeId: NodeId | undefined): State => {
  if (nodeId === undefined) return state
  const { [nodeId]: _left, ...nodes } = state.nodes
  return { ...state, nodes }
}

/** What each sharding, backend and size would give: the nodes and their memory, or why not. */
export const previews = (state: State, card: ModelCard, query: PreviewQuery): (Preview | FailedPreview)[] => {
  const seen = withoutNode(state, query.without)
  const links = new LinkTable(seen)
  const sizes = Math.max(1, Object.keys(seen.nodes).length)
  const results: (Preview | FailedPreview)[] = []
  for (const sharding of Sharding.options) {
    for (const instanceMeta of InstanceMeta.options) {
      const smallest = Math.max(query.minNodes ?? 1, instanceMeta === 'MlxJaccl' ? 2 : 1)
      for (let minNodes = smallest; minNodes <= Math.max(smallest, sizes); minNodes += 1) {
        const result = place(seen, card, {
          sharding,
          instanceMeta,
          minNodes,
          placementPreference: 'smallest',
          ...(query.nodeIds && { nodeIds: [...query.nodeIds] }),
          ...(query.maxContext !== undefined && { maxContext: query.maxContext }),
        })
        if (result.status === 'refused') {
          results.push({ sharding, instanceMeta, nodeIds: [...(query.nodeIds ?? [])], error: result.error })
          break
        }
        const { shards, claims } = result.placement
        const predicted = predict(seen, { card, sharding, instanceMeta, shards }, links)
        const nodeIds = shards.map(({ nodeId }) => nodeId)
        results.push({
          sharding,
          instanceMeta,
          nodeIds,
          memoryDeltaByNode: { ...claims },
          shards: [...shards],
          ...(predicted && { predicted }),
        })
      }
    }
  }
  return results
}
