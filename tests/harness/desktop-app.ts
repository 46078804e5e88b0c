import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication } from '@playwright/test'
import { testElectron } from '../../build/test-runtime/electron.mjs'
import { testEnvironment } from './headless-node'
import { root } from './paths'
import { PATIENCE_MS } from './patience'

const executablePath = await testElectron()

/** Why the desktop app cannot run here; undefined if it can. */
export const noDesktop =
  executablePath === undefined
    ? 'No Electron binary is here; the set-up says why.'
    : process.platform === 'linux' && !process.env['DISPLAY']
      ? 'No display is here; run under xvfb-run.'
      : undefined

export interface DesktopLaunch {
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string>>
  /** The working directory; by default the repository. */
  readonly cwd?: string
  /** The script that Electron loads; by default the app itself. */
  readonly main?: string
}

const desktopEnvironment = (dataDir: string, env: DesktopLaunch['env'] = {}) => ({
  ...testEnvironment(dataDir),
  MUSTER_DATA_DIR: dataDir,
  MUSTER_PORT: '0',
  ...env,
})

/** Starts the built app in a real Electron, on a free port. */
export const startDesktop = async ({ dataDir, env, cwd, main = root }: DesktopLaunch): Promise<ElectronApplication> => {
  const app = await _electron.launch({
    ...(executablePath !== undefined && { executablePath }),
    ...(cwd !== undefined && { cwd }),
    args: [main],
    env: desktopEnvironment(dataDir, env),
  })
  // Playwright's configuration is of browsers alone.
  app.context().setDefaultTimeout(PATIENCE_MS)
  return app
}

/**
 * Starts the app a second time beside a running one; resolves with its exit code. Not through Playwright, which tries
 * to talk to an app that exits before it can answer.
 */
export const startDesktopAgain = async ({
  dataDir,
  args = [],
}: Pick<DesktopLaunch, 'dataDir'> & { readonly args?: readonly string[] }): Promise<number | null> => {
  if (executablePath === undefined) throw new Error(noDesktop)
  const unsandboxed = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const again = spawn(executablePath, [...unsandboxed, root, ...args], {
    env: desktopEnvironment(dataDir),
    stdio: 'ignore',
  })
  const [code] = (await once(again, 'exit')) as [number | null]
  return code
}

/** A native dialog of the app, with its buttons. */
export interface Question {
  readonly message: string
  readonly detail: string
  readonly buttons: readonly string[]
}

/** What the fakes below record in Electron's main process. */
interface Person {
  questions: (Question & { answer: (response: number) => void })[]
  opened: string[]
  notices: { title: string; body: string }[]
  menu: { id: string; label: string; click: () => void }[]
}

const standIns = `
  const { dialog, Menu, Notification, shell, Tray } = require('electron')
  const person = (globalThis.person = { questions: [], opened: [], notices: [], menu: [] })
  dialog.showMessageBox = (...args) => {
    const { message, detail, buttons, signal, cancelId } = args.at(-1)
    return new Promise((resolve) => {
      const answer = (response) => resolve({ response, checkboxChecked: false })
      signal?.addEventListener('abort', () => answer(cancelId))
      person.questions.push({ message, detail, buttons, answer })
    })
  }
  Notification.isSupported = () => true
  Notification.prototype.show = function () {
    person.notices.push({ title: this.title, body: this.body })
  }
  shell.openExternal = async (url) => void person.opened.push(url)
  const { setContextMenu } = Tray.prototype
  const all = (menu) => menu.items.flatMap((item) => [item, ...(item.submenu ? all(item.submenu) : [])])
  Tray.prototype.setContextMenu = function (menu) {
    person.menu = all(menu).filter(({ type }) => type !== 'separator')
    return setContextMenu.call(this, menu)
  }
`

/**
 * An entry that loads the app with fakes for dialogs, browser and tray, which a test controls: Playwright cannot reach
 * the native ones.
 */
export const withPerson = (folder: string): string => {
  const main = join(folder, 'with-person')
  mkdirSync(main)
  writeFileSync(join(main, 'package.json'), JSON.stringify({ name: 'muster', version: '0.0.0', main: 'main.cjs' }))
  const load = `
  require('electron').app.setAppPath(${JSON.stringify(root)})
  require(${JSON.stringify(join(root, 'out', 'main', 'electron.cjs'))})
  `
  writeFileSync(join(main, 'main.cjs'), standIns + load)
  return main
}

/** Unanswered dialogs, oldest first. */
export const questions = (app: ElectronApplication): Promise<Question[]> =>
  app.evaluate(() =>
    (globalThis as unknown as { person: Person }).person.questions.map(({ message, detail, buttons }) => ({
      message,
      detail,
      buttons,
    })),
  )

/** Clicks a button of the oldest dialog by its label. */
export const answer = (app: ElectronApplication, button: string): Promise<void> =>
  app.evaluate((_electron, label) => {
    const question = (globalThis as unknown as { person: Person }).person.questions.shift()
    question?.answer(question.buttons.indexOf(label))
  }, button)

/** Notifications shown, oldest first. */
export const notices = (app: ElectronApplication): Promise<{ title: string; body: string }[]> =>
  app.evaluate(() => (globalThis as unknown as { person: Person }).person.notices)

/** Addresses opened in the browser. */
export const opened = (app: ElectronApplication): Promise<string[]> =>
  app.evaluate(() => (globalThis as unknown as { person: Person }).person.opened)

/** Labels of the tray's menu; a submenu's follow its own. */
export const trayMenu = (app: ElectronApplication): Promise<string[]> =>
  app.evaluate(() => (globalThis as unknown as { person: Person }).person.menu.map(({ label }) => label))

/** Clicks an entry of the tray's menu. */
export const chooseInTray = (app: ElectronApplication, entry: string): Promise<void> =>
  app.evaluate((_electron, wanted) => {
    ;(globalThis as unknown as { person: Person }).person.menu.find(({ label }) => label === wanted)?.click()
  }, entry)
