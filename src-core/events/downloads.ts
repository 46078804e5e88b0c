import { z } from 'zod'
import { ModelId, NodeId } from '../ids'
import { Download } from '../state/downloads'
import { drop, put } from '../state/records'
import type { State } from '../state/state'
import type { Envelope } from './event'

export const NodeDownloadProgress = z.object({
  type: z.literal('NodeDownloadProgress'),
  nodeId: NodeId,
  modelId: ModelId,
  /** Absent when the model's files are gone from that node. */
  download: Download.optional(),
})

export const reduceDownloads = (state: State, { event }: Envelope): State['downloads'] => {
  const family = state.downloads
  switch (event.type) {
    case 'NodeDownloadProgress': {
      if (!(event.nodeId in state.members)) return family
      const models = family[event.nodeId] ?? {}
      const next = event.download ? put(models, event.modelId, event.download) : drop(models, event.modelId)
      return next === models ? family : put(family, event.nodeId, next)
    }
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return drop(family, event.nodeId)
    default:
      return family
  }
}
