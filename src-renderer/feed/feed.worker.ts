/// <reference lib="webworker" />
import { EventFeed } from './event-feed'
import type { PageMessage } from './shared-feed'

declare const self: SharedWorkerGlobalScope

/** A plain fetch instead of the page's API client, which would bundle schemas that this worker does not need. */
const feed = new EventFeed({
  request: (path, { signal } = {}) => fetch(`${self.location.origin}${path}`, { ...(signal && { signal }) }),
})

self.onconnect = ({ ports }) => {
  for (const port of ports) {
    let leave: (() => void) | undefined
    port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
      switch (data) {
        case 'join':
          leave ??= feed.listen((message) => port.postMessage(message))
          return
        case 'leave':
          leave?.()
          leave = undefined
          return
        case 'restart':
          feed.restart()
          return
      }
    }
  }
}
