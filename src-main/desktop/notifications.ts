import { Notification } from 'electron'
import type { DesktopPreferences, UpdateStatus } from '@core/protocols/desktop'
import type { Translator } from '@core/texts/translator'
import type { RunningNode } from '../node/index'
import { News, type Notice } from './news'

/** Debounce: events come in bursts. */
const DEBOUNCE_MS = 500

export interface NotificationsOptions {
  readonly node: Pick<RunningNode, 'source' | 'cluster'>
  readonly preferences: () => DesktopPreferences
  readonly update: () => UpdateStatus
  readonly translator: () => Translator
  /** Whether the user is probably looking at the window. */
  readonly isWatched: () => boolean
  readonly open: (page: Notice['page']) => void
}

/** Shows a system notification. */
const show = ({ title, body, page }: Notice, open: NotificationsOptions['open']): void => {
  if (!Notification.isSupported()) return
  const notification = new Notification({ title, body })
  notification.on('click', () => open(page))
  notification.show()
}

export interface Notifications {
  /** Checks again if something changed that is not in the state. */
  readonly refresh: () => void
  readonly close: () => void
}

/** Shows system notifications of events that a user who is not looking at the window should know. */
export const startNotifications = (options: NotificationsOptions): Notifications => {
  const { node, preferences, update, translator, isWatched, open } = options
  const news = new News()
  const take = (): void => {
    const { asking } = node.cluster.view()
    const notices = news.take({ state: node.source.state(), asking, update: update(), translator: translator() })
    const { notify } = preferences()
    for (const notice of notices) {
      // While the window is watched it shows the events itself; only join requests are notified anyway, because they
      // must not be missed.
      if (notify[notice.kind] && (notice.kind === 'joins' || !isWatched())) show(notice, open)
    }
  }
  let scheduled: NodeJS.Timeout | undefined
  const refresh = (): void => {
    scheduled ??= setTimeout(() => {
      scheduled = undefined
      take()
    }, DEBOUNCE_MS)
  }
  const closers = [node.source.subscribe(refresh, refresh), node.cluster.subscribe(refresh)]
  take()
  return {
    refresh,
    close: () => {
      clearTimeout(scheduled)
      for (const close of closers) close()
    },
  }
}
