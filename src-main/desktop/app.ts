import { join } from 'node:path'
import { app, powerMonitor, session } from 'electron'
import type { NodeOptions, RunningNode } from '../node'
import { version } from '../version'
import { answerBridge } from './bridge'
import { confine } from './confinement'
import { setMenu } from './menu'
import { PAGE_ORIGIN } from './page'
import { registerScheme, serveApp } from './scheme'
import { nameForPolicy, signWindowIn } from './sign-in'
import { explainStartFailure } from './start-failure'
import { showTray } from './tray'
import { MainWindow } from './window'

/** How long a quit may take. Runners end with this process in any case: their pipes close. */
const QUIT_LIMIT_MS = 10_000

export interface DesktopOptions {
  /** Absolute path of the node's data folder; the app's own data goes into a folder in it. */
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

/** Tells the other machines before this one sleeps, and takes part again after it. */
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

/** Of an installed app: what runs as a program of its own lies beside the archive. */
const bundledRunner = (): NodeOptions['bundledRunner'] =>
  app.isPackaged ? { root: process.resourcesPath, uv: join(process.resourcesPath, 'bin', 'uv') } : undefined

/** The app from its start to its end: a node, a window on it and an icon in the menu bar. */
class Desktop {
  private readonly quitting = new AbortController()
  private readonly closers: (() => void)[] = []
  private starting: Promise<RunningNode | undefined> = Promise.resolve(undefined)
  private window: MainWindow | undefined

  constructor(private readonly options: DesktopOptions) {}

  readonly quit = (): void => app.quit()

  /** Before the node runs there is nothing to show yet. */
  readonly show = (): void => {
    if (!this.quitting.signal.aborted) this.window?.show()
  }

  async run(): Promise<void> {
    app.on('before-quit', (event) => {
      event.preventDefault()
      if (this.quitting.signal.aborted) return
      this.quitting.abort()
      void this.end()
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.quit)
    app.on('second-instance', this.show)
    app.on('activate', this.show)
    // Closing the window leaves the node at work; the tray brings it back.
    app.on('window-all-closed', () => undefined)

    await app.whenReady()
    app.setAboutPanelOptions({ applicationName: 'Muster', applicationVersion: version })
    setMenu({ show: this.show, quit: this.quit })
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
      try {
        node = await startNode({
          dataDir,
          trustedOrigins: [PAGE_ORIGIN],
          appRoot: app.getAppPath(),
          bundledRunner: bundledRunner(),
          // macOS asks at the first look for others.
          explainsDiscovery: process.platform === 'darwin',
        })
        if (!signal.aborted) await this.present(node)
        return node
      } catch (error) {
        this.closePresented()
        await node?.close().catch(() => undefined)
        if (!(await explainStartFailure(error, { dataDir, signal }))) return undefined
      }
    }
    return undefined
  }

  /** Gives a node that runs its window and its place in the menu bar. */
  private async present(node: RunningNode): Promise<void> {
    const { closers } = this
    const { defaultSession } = session
    const apiUrl = nameForPolicy(node.url)
    await signWindowIn(defaultSession, { apiUrl, signInLink: node.signInLink })
    closers.push(confine(defaultSession, { apiUrl }))
    closers.push(serveApp(defaultSession, { directory: join(app.getAppPath(), 'out', 'renderer'), apiUrl }))
    closers.push(answerBridge({ apiUrl, bridgedPorts: node.bridgedPorts }))
    closers.push(followPower(node))
    closers.push(showTray(node, { show: this.show, quit: this.quit }))
    const window = new MainWindow({ preload: join(app.getAppPath(), 'out', 'preload', 'preload.cjs') })
    closers.push(() => window.close())
    this.window = window
    window.show()
  }

  private closePresented(): void {
    this.window = undefined
    for (const close of this.closers.splice(0).reverse()) close()
  }

  /** The window and the icon go at once, then the node with its runners: no model stays in memory behind a closed app. */
  private async end(): Promise<void> {
    const closeAll = async (): Promise<void> => {
      this.closePresented()
      const node = await this.starting
      // It may have been presented in the meantime.
      this.closePresented()
      await node?.close()
    }
    let exitCode = 0
    try {
      await waitAtMost(QUIT_LIMIT_MS, closeAll())
    } catch (error) {
      console.error('Not everything could be closed:', error)
      exitCode = 1
    }
    app.exit(exitCode)
  }
}

/** Runs the desktop app, unless one runs on this data folder already: then that one shows its window. */
export const runDesktop = (options: DesktopOptions): void => {
  app.setName('Muster')
  // Beside the node's own data, and one for each: the lock that keeps a second app out is in here.
  app.setPath('userData', join(options.dataDir, 'desktop'))
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  registerScheme()
  void new Desktop(options).run()
}
