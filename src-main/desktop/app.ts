import { join } from 'node:path'
import { app, session, type BrowserWindow } from 'electron'
import { startNode, type RunningNode } from '../node'
import { answerBridge } from './bridge'
import { setMenu } from './menu'
import { APP_ORIGIN, registerScheme, serveApp } from './scheme'
import { explainStartFailure } from './start-failure'
import { showTray } from './tray'
import { openWindow } from './window'

const startOrExplain = async (appRoot: string): Promise<RunningNode | undefined> => {
  for (;;) {
    try {
      return await startNode({ trustedOrigins: [APP_ORIGIN], appRoot })
    } catch (error) {
      if (!(await explainStartFailure(error))) return undefined
    }
  }
}

const run = async (): Promise<void> => {
  let window: BrowserWindow | undefined
  let started = false
  let closing = false
  const appRoot = app.getAppPath()
  const open = (): void => {
    if (!started) return
    if (window && !window.isDestroyed()) {
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
      return
    }
    window = openWindow(join(appRoot, 'out', 'preload', 'preload.cjs'))
  }
  const quit = (): void => app.quit()
  app.on('second-instance', open)
  app.on('activate', open)
  // Closing the window leaves the node at work; the tray brings it back.
  app.on('window-all-closed', () => undefined)

  await app.whenReady()
  setMenu({ open, quit })
  const node = await startOrExplain(appRoot)
  if (!node) {
    app.exit(1)
    return
  }
  const { url } = node
  serveApp(session.defaultSession, join(appRoot, 'out', 'renderer'), url)
  answerBridge(url)
  const removeTray = showTray(node, { open, quit })
  app.on('before-quit', (event) => {
    if (closing) return
    // Its runners end with the node: no model may stay in memory behind a closed app.
    event.preventDefault()
    closing = true
    removeTray()
    void node.close().finally(() => app.exit(0))
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, quit)
  started = true
  open()
}

/** Runs the desktop app: a node, a window on it and an icon in the menu bar. */
export const runDesktop = (): void => {
  app.setName('Muster')
  const dataDir = process.env['MUSTER_DATA_DIR']
  // Two apps with two data folders are two apps.
  if (dataDir) app.setPath('userData', join(dataDir, 'desktop'))
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  registerScheme()
  app.on('web-contents-created', (_event, contents) =>
    contents.on('will-attach-webview', (event) => event.preventDefault()),
  )
  void run()
}
