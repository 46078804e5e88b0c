import { z } from 'zod'
import { ModelId, NodeId } from '../ids'
import { Download } from '../state/downloads'
import type { State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from './event'

export const NodeDownloadProgress = z.object({
  type: z.literal('NodeDownloadProgress'),
  nodeId: NodeId,
  modelId: ModelId,
  /** Absent when the model's files are gone from that node. */
  download: Download.optional(),
})

export const reduceDownloads = (
  { downloads: family, members }: State,
  { event }: Envelope,
): Changes<Record<string, Download>> | undefined => {
  switch (event.type) {
    case 'NodeDownloadProgress': {
      const { nodeId, modelId, download } = event
      if (!(nodeId in members)) return undefined
      const { [modelId]: known, ...others } = family[nodeId] ?? {}
      if (download) return put(nodeId, { ...others, [modelId]: download })
      return known && put(nodeId, others)
    }
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return drop(family, event.nodeId)
    default:
      return undefined
  }
}
