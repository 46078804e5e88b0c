import { whenIdle } from './state/idle'
import type { Page } from './state/pages'

/**
 * Load the component of a page; reject if the node does not answer. The first page comes with the app, the others are
 * files of their own, so that the first is drawn sooner.
 */
export const pageViews = {
  models: () => import('./features/models/models-page.svelte'),
  chat: () => import('./features/chat/chat-page.svelte'),
  connect: () => import('./features/connect/connect-page.svelte'),
  activity: () => import('./features/activity/activity-page.svelte'),
  settings: () => import('./features/settings/settings-page.svelte'),
} satisfies Record<Exclude<Page, 'cluster'>, () => Promise<unknown>>

/** Fetches all pages when the window has nothing else to do. Returns the function that calls this off. */
export const fetchPagesAhead = (): (() => void) =>
  whenIdle(() => {
    // A page that cannot be fetched is asked for again when it is opened, and says so there.
    for (const fetchPage of Object.values(pageViews)) fetchPage().catch(() => undefined)
  })
