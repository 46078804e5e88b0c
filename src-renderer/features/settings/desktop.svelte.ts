import type { DesktopApi, DesktopPreferences, DesktopPreferencesChanges, UpdateStatus } from '@core/protocols/desktop'

import { percentText } from '../../state/text'
import { t } from '../../state/texts.svelte'

/** Polling intervals: while an update is in progress, and otherwise, as the app checks for updates by itself. */
const ASK_EVERY_MS = 1000
const ASK_IDLE_EVERY_MS = 10_000

/** Settings and updates of the desktop app. Not available in a browser. */
export class DesktopSettings {
  preferences: DesktopPreferences | undefined = $state.raw()
  hasDock = $state(false)
  update: UpdateStatus | undefined = $state.raw()
  private timer: ReturnType<typeof setTimeout> | undefined
  private closed = false

  constructor(private readonly desktop: Pick<DesktopApi, 'preferences' | 'update'> | undefined) {}

  /** Never fails: if it cannot be read, the option is hidden. */
  async read(): Promise<void> {
    await this.change({}).catch(() => undefined)
    await this.ask('show').catch(() => undefined)
  }

  async change(changes: DesktopPreferencesChanges): Promise<void> {
    const answer = await this.desktop?.preferences(changes)
    this.preferences = answer?.preferences
    this.hasDock = answer?.hasDock ?? false
  }

  async ask(action: 'show' | 'check' | 'install'): Promise<void> {
    try {
      this.update = await this.desktop?.update({ action })
    } finally {
      this.askLater()
    }
  }

  private askLater(): void {
    clearTimeout(this.timer)
    const state = this.update?.state
    if (this.closed || state === undefined || state === 'unavailable') return
    const delay = state === 'checking' || state === 'downloading' ? ASK_EVERY_MS : ASK_IDLE_EVERY_MS
    this.timer = setTimeout(() => void this.ask('show').catch(() => undefined), delay)
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
  }
}

/** Text of an update's progress. */
export const updateLine = (status: UpdateStatus): string => {
  switch (status.state) {
    case 'unavailable':
      return t('settings.update.unavailable', { reason: t(`desktop.noUpdates.${status.why}`) })
    case 'idle':
      return t('settings.update.idle')
    case 'checking':
      return t('settings.update.checking')
    case 'downloading':
      return t('settings.update.downloading', { version: status.version, part: percentText(status.part) })
    case 'ready':
      return t('settings.update.ready', { version: status.version })
    case 'failed':
      return t('settings.update.failed', { reason: status.reason })
  }
}
