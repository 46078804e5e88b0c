import { Notification } from 'electron'
import type { DesktopPreferences, UpdateStatus } from '@core/protocols/desktop'
import type { Translator } from '@core/texts/translator'
import type { RunningNode } from '../node'
import { News, type Notice } from './news'

/** Events come in bursts. */
const LOOK_AFTER_MS = 500

export interface NotificationsOptions {
  readonly node: Pick<RunningNode, 'source' | 'cluster'>
  readonly preferences: () => DesktopPreferences
  readonly update: () => UpdateStatus
  readonly translator: () => Translator
  /** The window is before a person's eyes. */
  readonly isWatched: () => boolean
  readonly open: (page: Notice['page']) => void
}

/** Shows a notification of the system. */
const show = ({ title, body, page }: Notice, open: NotificationsOptions['open']): void => {
  if (!Notification.isSupported()) return
  const notification = new Notification({ title, body })
  notification.on('click', () => open(page))
  notification.show()
}

export interface Notifications {
  /** Something that is not in the state may have changed. */
  readonly look: () => void
  readonly close: () => void
}

/** Tells by the system's notifications what a person should know who does not look at the window. */
export const startNotifications = (options: NotificationsOptions): Notifications => {
  const { node, preferences, update, translator, isWatched, open } = options
  const news = new News()
  const take = (): void => {
    const { asking } = node.cluster.view()
    const notices = news.take({ state: node.source.state(), asking, update: update(), translator: translator() })
    const { notify } = preferences()
    for (const notice of notices) {
      // The window shows by itself what happens; only a question must not be missed.
      if (notify[notice.kind] && (notice.kind === 'joins' || !isWatched())) show(notice, open)
    }
  }
  let scheduled: NodeJS.Timeout | undefined
  const look = (): void => {
    scheduled ??= setTimeout(() => {
      scheduled = undefined
      take()
    }, LOOK_AFTER_MS)
  }
  const closers = [node.source.subscribe(look, look), node.cluster.subscribe(look)]
  take()
  return {
    look,
    close: () => {
      clearTimeout(scheduled)
      for (const close of closers) close()
    },
  }
}
