import { expect, test as base, type ElectronApplication, type Page } from '@playwright/test'
import { noDesktop, startDesktop, type DesktopLaunch } from './desktop-app'
import { temporaryFolder } from './headless-node'
import { PATIENCE_MS } from './patience'

interface DesktopFixtures {
  /** A new data folder, removed at the end. */
  readonly folder: { readonly path: string }
  /** Starts the app on the folder; it is closed at the end. */
  readonly start: (options?: Partial<DesktopLaunch>) => Promise<ElectronApplication>
}

/** Tests of the built app in a real Electron; skipped if none can run here. */
export const test = base.extend<DesktopFixtures>({
  folder: async ({}, use) => {
    test.skip(noDesktop !== undefined, noDesktop)
    const folder = temporaryFolder()
    await use(folder)
    folder.dispose()
  },
  start: async ({ folder }, use) => {
    let app: ElectronApplication | undefined
    await use(async (options = {}) => (app = await startDesktop({ dataDir: folder.path, ...options })))
    await app?.close()
  },
})

export const firstWindow = (electron: ElectronApplication): Promise<Page> =>
  electron.firstWindow({ timeout: PATIENCE_MS })

/** The next window that is opened. */
export const nextWindow = (electron: ElectronApplication): Promise<Page> =>
  electron.waitForEvent('window', { timeout: PATIENCE_MS })

/** Resolves when the app has ended. */
export const ended = async (electron: ElectronApplication): Promise<void> =>
  void (await electron.waitForEvent('close', { timeout: PATIENCE_MS }))

/** The first window, once its page shows the node's state. */
export const connected = async (electron: ElectronApplication): Promise<Page> => {
  const page = await firstWindow(electron)
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  return page
}

export const apiUrl = (page: Page): Promise<string> => page.evaluate(`window.muster.apiAccess().then(({ url }) => url)`)
