import type { Observation } from '../events/event'
import type { ModelId, NodeId } from '../ids'
import type { State } from '../state/state'

/** Returns the reports of a machine's models that differ from the state. */
export const fileReports = (
  state: State,
  nodeId: NodeId,
  files: ReadonlyMap<ModelId, string>,
): Extract<Observation, { type: 'NodeDownloadProgress' }>[] => {
  const known = state.downloads[nodeId] ?? {}
  const changed = [...files].filter(([modelId, fingerprint]) => known[modelId]?.fingerprint !== fingerprint)
  const removed = Object.keys(known).filter((modelId) => !files.has(modelId as ModelId))
  return [
    ...changed.map(([modelId, fingerprint]) => ({
      type: 'NodeDownloadProgress' as const,
      nodeId,
      modelId,
      download: { status: 'Complete' as const, downloadedBytes: 1, totalBytes: 1, fingerprint },
    })),
    ...removed.map((modelId) => ({ type: 'NodeDownloadProgress' as const, nodeId, modelId: modelId as ModelId })),
  ]
}
