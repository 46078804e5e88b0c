import { type Download } from '../state/downloads'
import type { State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

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
