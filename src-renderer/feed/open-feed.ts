import type { Api } from '../api/access'
import { EventFeed } from './event-feed'
import type { Feed } from './feed'
import { sharedFeed } from './shared-feed'

/** The desktop app has one window, and some browsers no shared workers: those follow the stream themselves. */
export const openFeed = (api: Api): Feed =>
  window.muster === undefined && 'SharedWorker' in window ? sharedFeed() : new EventFeed(api)
