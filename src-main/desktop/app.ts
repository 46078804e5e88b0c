import { join } from 'node:path'
import { app, powerMonitor, session } from 'electron'
import type { Translator } from '@core/texts/translator'
import type { NodeOptions, RunningNode } from '../node/index'
import { version } from '../version'
import { answerBridge } from './bridge'
import { commandLineTool } from './command-source'
import { confine } from './confinement'
import { DEEP_LINK_SCHEME, deepLinkIn, deepLinkTarget } from './deep-links'
import { followDock } from './dock'
import { isIdle } from './idle'
import { DesktopLanguage } from './language'
import { loginItem } from './login-item'
import { setMenu } from './menu'
import { startNotifications } from './notifications'
import { PAGE_ORIGIN } from './page'
import { electronPower } from './power'
import { Preferences } from './preferences'
import { confirmQuit } from './quit'
import { registerScheme, serveApp } from './scheme'
import { nameForPolicy, signWindowIn } from './sign-in'
import { explainStartFailure } from './start-failure'
import { showTray } from './tray'
import { trayActions } from './tray-actions'
import { Updates } from './updates'
import { MainWindow } from './window'

/** How long an update waits for answers in progress. */
const DRAIN_MS = 4000
/** An AppImage is unmounted when the app ends, so its runners could no longer read their files. */
const keepsItsFiles = (): boolean => !process.env['APPIMAGE']
/** Quit timeout. Runners end with this process in any case, because their pipes close. */
const QUIT_LIMIT_MS = 10_000

export interface DesktopOptions {
  /** Absolute path of the node's data folder; the app's own data goes into a subfolder of it. */
  readonly dataDir: string
  readonly startNode: (options: NodeOptions) => Promise<RunningNode>
}

const waitAtMost = async (limitMs: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, limit]).finally(() => clearTimeout(timer))
}

/** Announces to the other machines that this one sleeps, and rejoins after it wakes. */
const followPower = (node: RunningNode): (() => void) => {
  const sleep = (): void => void node.sleep()
  const wake = (): void => node.wake()
  powerMonitor.on('suspend', sleep)
  powerMonitor.on('resume', wake)
  return () => {
    powerMonitor.off('suspend', sleep)
    powerMonitor.off('resume', wake)
  }
}

/** Paths in an installed app: files that run as separate programs lie outside its archive. */
const bundledRunner = (): NodeOptions['bundledRunner'] =>
  app.isPackaged ? { root: process.resourcesPath, uv: join(process.resourcesPath, 'bin', 'uv') } : undefined

/** A window whose page waits for the node. */
interface OpeningWindow {
  readonly window: MainWindow
  /** The link of the page that it was opened at. */
  readonly hash: string | undefined
  /** Lets the page load, with the node's address. */
  readonly serve: (apiUrl: string) => void
}

/** The app's lifetime: a node, its window and the menu bar icon. */
class Desktop {
  private readonly quitting = new AbortController()
  private readonly closers: (() => void)[] = []
  private starting: Promise<RunningNode | undefined> = Promise.resolve(undefined)
  private window: MainWindow | undefined
  private node: RunningNode | undefined
  private readonly preferences = new Preferences(join(app.getPath('userData'), 'preferences.json'))
  private readonly language = new DesktopLanguage({
    choice: () => this.preferences.current().language,
    preferred: () => app.getPreferredSystemLanguages(),
  })
  private install: (() => void) | undefined
  private hasEnded = false
  /** A deep link that arrived before the window existed. */
  private waiting: string | undefined

  constructor(private readonly options: DesktopOptions) {}

  readonly quit = (): void => app.quit()

  /** Before the node runs there is no window to show. */
  readonly show = (hash?: string): void => {
    if (!this.quitting.signal.aborted) this.window?.show(hash)
  }

  /** Opens a form that asks for confirmation; other or invalid links open nothing. */
  private readonly follow = (link: string): void => {
    const target = deepLinkTarget(link)
    if (target === undefined) return
    const hash = `#/${target.page}?${new URLSearchParams(target.query).toString()}`
    if (this.window) this.show(hash)
    else this.waiting = hash
  }

  /** Asks before quitting if models would stop or move. */
  private readonly askToQuit = (): void => {
    const { node } = this
    if (node === undefined) return this.quit()
    void confirmQuit(node, this.language.current()).then((agreed) => agreed && this.quit())
  }

  async run(): Promise<void> {
    app.on('before-quit', (event) => {
      // Everything is closed; the update that is being installed ends the app.
      if (this.hasEnded) return
      event.preventDefault()
      if (this.quitting.signal.aborted) return
      this.quitting.abort()
      void this.end()
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.quit)
    app.on('second-instance', (_event, args) => {
      const link = deepLinkIn(args)
      if (link === undefined) this.show()
      else this.follow(link)
    })
    app.on('activate', () => this.show())
    app.on('open-url', (event, link) => {
      event.preventDefault()
      this.follow(link)
    })
    const link = deepLinkIn(process.argv)
    if (link !== undefined) this.follow(link)
    // Closing the window keeps the node running; the tray reopens it.
    app.on('window-all-closed', () => undefined)

    await app.whenReady()
    app.setAboutPanelOptions({ applicationName: 'Muster', applicationVersion: version })
    if (app.isPackaged) app.setAsDefaultProtocolClient(DEEP_LINK_SCHEME)
    await this.language.apply()
    this.setMenu()
    this.starting = this.startOrExplain()
    const started = await this.starting
    if (this.quitting.signal.aborted) return
    if (!started) app.exit(1)
  }

  private async startOrExplain(): Promise<RunningNode | undefined> {
    const { dataDir, startNode } = this.options
    const { signal } = this.quitting
    while (!signal.aborted) {
      let node: RunningNode | undefined
      const opening = this.openWindow()
      try {
        node = await startNode({
          dataDir,
          trustedOrigins: [PAGE_ORIGIN],
          appRoot: app.getAppPath(),
          bundledRunner: bundledRunner(),
          power: electronPower(),
          // On macOS, the first local network discovery triggers a permission dialog.
          explainsDiscovery: process.platform === 'darwin',
        })
        if (!signal.aborted) await this.present(node, opening)
        return node
      } catch (error) {
        this.closePresented()
        await node?.close().catch(() => undefined)
        if (!(await explainStartFailure(error, { dataDir, signal, translator: this.language.current() })))
          return undefined
      }
    }
    return undefined
  }

  /**
   * Opens the window, which stays hidden until its page is drawn. Its page is served once the node runs; meanwhile its
   * processes start beside the node.
   */
  private openWindow(): OpeningWindow {
    const { closers } = this
    let serve: (apiUrl: string) => void = () => undefined
    const apiUrl = new Promise<string>((resolve) => {
      serve = resolve
    })
    const { defaultSession } = session
    const translator = (): Translator => this.language.current()
    closers.push(confine(defaultSession, { apiUrl, translator }))
    closers.push(serveApp(defaultSession, { directory: join(app.getAppPath(), 'out', 'renderer'), apiUrl }))
    const window = new MainWindow({ preload: join(app.getAppPath(), 'out', 'preload', 'preload.cjs'), translator })
    closers.push(() => window.close())
    const hash = this.waiting
    window.show(hash)
    return { window, hash, serve }
  }

  /** Shows a running node in the window and the menu bar. */
  private async present(node: RunningNode, { window, hash, serve }: OpeningWindow): Promise<void> {
    const { closers } = this
    const { defaultSession } = session
    const apiUrl = nameForPolicy(node.url)
    await signWindowIn(defaultSession, { apiUrl, signInLink: node.signInLink })
    const translator = (): Translator => this.language.current()
    const { preferences } = this
    const watchers: { refresh(): void }[] = []
    const changed = (): void => watchers.forEach((watcher) => watcher.refresh())
    const updates = new Updates({
      isOn: () => preferences.current().autoUpdate,
      isIdle: () => isIdle(node.source.state(), node.nodeId),
      isWindowShown: () => window.isShown,
      quitAnd: (install) => this.quitAnd(install),
      onChange: changed,
    })
    closers.push(() => updates.close())
    const { addModelFolder, bridgedPorts } = node
    const tool = commandLineTool()
    const bridged = { addModelFolder, apiUrl, bridgedPorts, commandLineTool: tool, loginItem, preferences, updates }
    closers.push(answerBridge(bridged))
    closers.push(followPower(node))
    closers.push(followDock(preferences))
    closers.push(preferences.subscribe(() => void this.followLanguage(changed)))
    const perform = trayActions({
      node,
      loginItem,
      open: this.show,
      update: updates,
      quit: this.askToQuit,
      onChange: changed,
      translator,
    })
    const tray = showTray({ node, loginItem, update: () => updates.status(), translator, perform })
    const notifications = startNotifications({
      node,
      preferences: () => preferences.current(),
      update: () => updates.status(),
      translator,
      isWatched: () => window.isWatched,
      open: (page) => this.show(`#/${page}`),
    })
    watchers.push(tray, notifications)
    closers.push(
      () => tray.close(),
      () => notifications.close(),
    )
    this.window = window
    this.node = node
    serve(apiUrl)
    if (this.waiting !== hash) window.show(this.waiting)
    this.waiting = undefined
  }

  private setMenu(): void {
    setMenu({
      show: () => this.show(),
      showSettings: () => this.show('#/settings'),
      quit: this.askToQuit,
      text: this.language.current().text,
    })
  }

  /** Redraws visible texts after a change of language. */
  private async followLanguage(changed: () => void): Promise<void> {
    if (!(await this.language.apply())) return
    this.setMenu()
    changed()
  }

  /** electron-updater installs when the app quits, which happens only once the node is closed. */
  private quitAnd(install: () => void): void {
    this.install = install
    this.quit()
  }

  private closePresented(): void {
    this.window = undefined
    this.node = undefined
    for (const close of this.closers.splice(0).reverse()) close()
  }

  /**
   * Closes the window and the icon, then the node with its runners, so that no model stays in memory after the app. For
   * an update the models stay: the new version must adopt them within a minute.
   */
  private async end(): Promise<void> {
    const closeAll = async (): Promise<void> => {
      this.closePresented()
      const node = await this.starting
      // The node may have been presented in the meantime.
      this.closePresented()
      // The new version starts soon and adopts the models.
      if (this.install && keepsItsFiles()) await node?.prepareRestart(DRAIN_MS)
      await node?.close()
    }
    let exitCode = 0
    try {
      await waitAtMost(QUIT_LIMIT_MS, closeAll())
    } catch (error) {
      console.error('Not everything could be closed:', error)
      exitCode = 1
    }
    this.hasEnded = true
    if (this.install && exitCode === 0) this.install()
    else app.exit(exitCode)
  }
}

/** Runs the desktop app. If one already runs on this data folder, that one shows its window instead. */
export const runDesktop = (options: DesktopOptions): void => {
  app.setName('Muster')
  // A folder per data folder: it contains the lock that prevents a second app on the same data.
  app.setPath('userData', join(options.dataDir, 'desktop'))
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  registerScheme()
  void new Desktop(options).run()
}
