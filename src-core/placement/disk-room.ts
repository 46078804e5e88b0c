import type { NodeId } from '../ids'
import type { State } from '../state/state'
import type { ModelCard } from './model-card'

/** Bytes that a download leaves free: the node's log is on the same disk. */
export const LEAST_FREE_BYTES = 256 * 1024 * 1024

/**
 * Whether a machine would have to download a model for which its disk has no room beside the downloads that run there. An
 * unknown disk has room. What the machine's settings want kept free beyond that is known there only.
 */
export const lacksDisk = (
  { nodes, downloads }: State,
  { modelId, storageBytes }: Pick<ModelCard, 'modelId' | 'storageBytes'>,
  nodeId: NodeId,
): boolean => {
  const disk = nodes[nodeId]?.disk
  const { [modelId]: own, ...others } = downloads[nodeId] ?? {}
  if (disk === undefined || own?.status === 'Complete') return false
  const promised = Object.values(others).reduce(
    (sum, { status, totalBytes, downloadedBytes }) => sum + (status === 'Ongoing' ? totalBytes - downloadedBytes : 0),
    0,
  )
  return storageBytes - (own?.downloadedBytes ?? 0) + promised + LEAST_FREE_BYTES > disk.freeBytes
}
