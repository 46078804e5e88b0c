import type { Feed, FeedMessage } from './feed'

/** Messages from a page to the worker that holds the stream. */
export type PageMessage = 'join' | 'leave' | 'restart'

/** One stream for all tabs, held by a shared worker, because browsers limit connections per host. */
export const sharedFeed = (): Feed => {
  const worker = new SharedWorker(new URL('./feed.worker.ts', import.meta.url), { type: 'module', name: 'muster-feed' })
  const { port } = worker
  const listeners = new Set<(message: FeedMessage) => void>()
  const post = (message: PageMessage): void => port.postMessage(message)
  port.onmessage = ({ data }: MessageEvent<FeedMessage>) => {
    for (const listener of listeners) listener(data)
  }
  // A page in the back/forward cache leaves, and joins again when it is restored.
  const hide = (): void => post('leave')
  const show = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) post('join')
  }
  window.addEventListener('pagehide', hide)
  window.addEventListener('pageshow', show)
  return {
    listen: (listener) => {
      if (listeners.size === 0) post('join')
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restart: () => post('restart'),
    close: () => {
      window.removeEventListener('pagehide', hide)
      window.removeEventListener('pageshow', show)
      post('leave')
      port.close()
    },
  }
}
