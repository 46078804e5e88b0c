import type { DesktopApi, DesktopPreferences, DesktopPreferencesChanges, UpdateStatus } from '@core/protocols/desktop'

/** While an update is on its way, how often it is asked how far. */
const ASK_EVERY_MS = 1000

/** What is set for the desktop app, and how its update gets on. A browser has none of it. */
export class DesktopSettings {
  preferences: DesktopPreferences | undefined = $state.raw()
  hasDock = $state(false)
  update: UpdateStatus | undefined = $state.raw()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly desktop: Pick<DesktopApi, 'preferences' | 'update'> | undefined) {}

  /** Never fails: where it cannot be read it is not offered. */
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
    clearTimeout(this.timer)
    this.update = await this.desktop?.update({ action })
    const state = this.update?.state
    if (state === 'checking' || state === 'downloading')
      this.timer = setTimeout(() => void this.ask('show').catch(() => undefined), ASK_EVERY_MS)
  }

  close(): void {
    clearTimeout(this.timer)
  }
}

/** How an update gets on, as a line for people. */
export const updateLine = (status: UpdateStatus): string => {
  switch (status.state) {
    case 'unavailable':
      return `This app has no updates. ${status.reason}`
    case 'idle':
      return 'No newer version is known.'
    case 'checking':
      return 'Looking for a newer version …'
    case 'downloading':
      return `Downloading Muster ${status.version} · ${Math.round(100 * status.part)} %`
    case 'ready':
      return `Muster ${status.version} is ready: it is installed when you quit, or when nothing is going on.`
    case 'failed':
      return `The last look for a newer version failed: ${status.reason}`
  }
}
