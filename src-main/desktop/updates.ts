import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app, powerMonitor } from 'electron'
import type { AppUpdater } from 'electron-updater'
import type { UpdateStatus } from '@core/protocols/desktop'

const FIRST_CHECK_MS = 60_000
const CHECK_EVERY_MS = 4 * 3600_000
const CHECK_IDLE_EVERY_MS = 60_000
/** Idle time of the machine before an update is installed. */
const IDLE_SECONDS = 30 * 60

export interface UpdatesOptions {
  readonly isOn: () => boolean
  /** Whether nothing is being answered or downloaded. */
  readonly isIdle: () => boolean
  readonly isWindowShown: () => boolean
  /** Quits the app and installs the downloaded update. */
  readonly quitAnd: (install: () => void) => void
  readonly onChange: () => void
}

type NoUpdates = Extract<UpdateStatus, { state: 'unavailable' }>['why']

/** Why this app gets no updates; undefined if it does. */
const whyNone = (): NoUpdates | undefined => {
  if (!app.isPackaged) return 'sources'
  if (!existsSync(join(process.resourcesPath, 'app-update.yml'))) return 'feed'
  const isAppImage = Boolean(process.env['APPIMAGE'])
  if (process.platform === 'linux' && !isAppImage && !existsSync(join(process.resourcesPath, 'package-type')))
    return 'package'
  return undefined
}

/**
 * Updates of the app: downloaded in the background, installed when the app quits, or while the machine is idle and
 * nothing runs. electron-updater checks the download against the hash in the feed; macOS also requires the signature of
 * the running app. A failure is shown and retried at the next check.
 */
export class Updates {
  private current: UpdateStatus
  private updater: Promise<AppUpdater> | undefined
  private version = ''
  private readonly timers: NodeJS.Timeout[] = []

  constructor(private readonly options: UpdatesOptions) {
    const why = whyNone()
    this.current = why === undefined ? { state: 'idle' } : { state: 'unavailable', why }
    if (why !== undefined) return
    const checkIfOn = (): void => {
      if (options.isOn()) void this.check()
    }
    this.timers.push(
      setTimeout(checkIfOn, FIRST_CHECK_MS),
      setInterval(checkIfOn, CHECK_EVERY_MS),
      setInterval(() => this.installIfIdle(), CHECK_IDLE_EVERY_MS),
    )
  }

  status(): UpdateStatus {
    return this.current
  }

  /** Checks for a newer version and downloads it. Resolves when the download has started; never rejects. */
  async check(): Promise<void> {
    const { state } = this.current
    if (state === 'unavailable' || state === 'checking' || state === 'downloading' || state === 'ready') return
    this.setStatus({ state: 'checking' })
    try {
      const updater = await (this.updater ??= this.load())
      await updater.checkForUpdates()
    } catch (error) {
      this.failed(error)
    }
  }

  /** Quits and starts the new version; does nothing if none is ready. */
  install(): void {
    if (this.current.state !== 'ready') return
    void this.updater?.then((updater) => this.options.quitAnd(() => updater.quitAndInstall(true, true)))
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  private installIfIdle(): void {
    const { isOn, isIdle, isWindowShown } = this.options
    const isUserIdle = (): boolean => powerMonitor.getSystemIdleTime() >= IDLE_SECONDS
    if (this.current.state === 'ready' && isOn() && isIdle() && !isWindowShown() && isUserIdle()) this.install()
  }

  /** Loaded lazily, to keep start-up fast. */
  private async load(): Promise<AppUpdater> {
    const { autoUpdater } = await import('electron-updater')
    autoUpdater.autoDownload = true
    autoUpdater.autoInstallOnAppQuit = true
    autoUpdater.allowDowngrade = false
    autoUpdater.logger = null
    autoUpdater.on('update-not-available', () => this.setStatus({ state: 'idle' }))
    autoUpdater.on('update-available', ({ version }) => {
      this.version = version
      this.setStatus({ state: 'downloading', version, part: 0 })
    })
    autoUpdater.on('download-progress', ({ percent }) => {
      const part = Math.min(1, Math.max(0, percent / 100))
      this.setStatus({ state: 'downloading', version: this.version, part })
    })
    autoUpdater.on('update-downloaded', ({ version }) => this.setStatus({ state: 'ready', version }))
    autoUpdater.on('error', (error) => this.failed(error))
    return autoUpdater
  }

  private failed(error: unknown): void {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    this.setStatus({ state: 'failed', reason: reason.slice(0, 300) })
  }

  private setStatus(status: UpdateStatus): void {
    this.current = status
    this.options.onChange()
  }
}
