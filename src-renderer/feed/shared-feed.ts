import type { Feed, FeedMessage } from './feed'

/** What a page says to the worker that has the stream. */
export type PageMessage = 'join' | 'leave' | 'restart'

/** One stream for all tabs of a browser, held by a worker that they share: browsers open few connections to a host. */
export const sharedFeed = (): Feed => {
  const worker = new SharedWorker(new URL('./feed.worker.ts', import.meta.url), { type: 'module', name: 'muster-feed' })
  const { port } = worker
  const listeners = new Set<(message: FeedMessage) => void>()
  const say = (message: PageMessage): void => port.postMessage(message)
  port.onmessage = ({ data }: MessageEvent<FeedMessage>) => {
    for (const listener of listeners) listener(data)
  }
  // A page that is put aside and taken out again begins anew.
  const hide = (): void => say('leave')
  const show = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) say('join')
  }
  window.addEventListener('pagehide', hide)
  window.addEventListener('pageshow', show)
  return {
    listen: (listener) => {
      if (listeners.size === 0) say('join')
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restart: () => say('restart'),
    close: () => {
      window.removeEventListener('pagehide', hide)
      window.removeEventListener('pageshow', show)
      say('leave')
      port.close()
    },
  }
}
