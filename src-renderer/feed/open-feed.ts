import type { Api } from '../api/access'
import { EventFeed } from './event-feed'
import type { Feed } from './feed'
import { sharedFeed } from './shared-feed'

/** The desktop app has a single window and some browsers lack shared workers: those open the stream directly. */
export const openFeed = (api: Api): Feed =>
  window.muster === undefined && 'SharedWorker' in window ? sharedFeed() : new EventFeed(api)
