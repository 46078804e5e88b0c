import type { Observation } from '../events/event'
import type { ModelId, NodeId } from '../ids'
import type { State } from '../state/state'

/** What a machine says of the models that it has, where the state knows otherwise. */
export const filesToTell = (
  state: State,
  nodeId: NodeId,
  files: ReadonlyMap<ModelId, string>,
): Extract<Observation, { type: 'NodeDownloadProgress' }>[] => {
  const known = state.downloads[nodeId] ?? {}
  const here = [...files].filter(([modelId, fingerprint]) => known[modelId]?.fingerprint !== fingerprint)
  const gone = Object.keys(known).filter((modelId) => !files.has(modelId as ModelId))
  return [
    ...here.map(([modelId, fingerprint]) => ({
      type: 'NodeDownloadProgress' as const,
      nodeId,
      modelId,
      download: { status: 'Complete' as const, downloadedBytes: 1, totalBytes: 1, fingerprint },
    })),
    ...gone.map((modelId) => ({ type: 'NodeDownloadProgress' as const, nodeId, modelId: modelId as ModelId })),
  ]
}
