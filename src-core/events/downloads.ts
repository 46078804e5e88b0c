import { z } from 'zod'
import { ModelId, NodeId } from '../ids'
import { Download } from '../state/downloads'

export const NodeDownloadProgress = z.object({
  type: z.literal('NodeDownloadProgress'),
  nodeId: NodeId,
  modelId: ModelId,
  /** Absent once the model's files are gone from that node. */
  download: Download.optional(),
})
