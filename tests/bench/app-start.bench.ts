import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noDesktop, startDesktop } from '../harness/desktop-app'
import { temporaryFolder } from '../harness/headless-node'
import { root } from '../harness/paths'
import { figure, median, spread, type Bench } from './report'

const RUNS = 5

/** Times in milliseconds since 1970, from the app's own processes. */
interface Start {
  readonly created: number
  readonly shown: number
  readonly state: number
}

/** Runs in the page: the time at which the status bar first says how many machines are connected. */
const FIRST_STATE = `new Promise((resolve) => {
  const known = () => /\\\\d+ of \\\\d+ machines? connected/.test(document.body.innerText)
  const look = () => {
    if (!known()) return
    observer.disconnect()
    resolve(Date.now())
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { subtree: true, childList: true, characterData: true })
  look()
})`

/** An entry that loads the app as it is and notes when its window is shown and when its page has a state. */
const noting = (folder: string): string => {
  const main = join(folder, 'noting')
  mkdirSync(main)
  writeFileSync(join(main, 'package.json'), JSON.stringify({ name: 'muster', version: '0.0.0', main: 'main.cjs' }))
  writeFileSync(
    join(main, 'main.cjs'),
    `
    const { app } = require('electron')
    app.setAppPath(${JSON.stringify(root)})
    const start = (globalThis.start = { created: process.getCreationTime() })
    app.on('browser-window-created', (_event, window) => {
      window.once('show', () => (start.shown = Date.now()))
      window.webContents.once('dom-ready', async () => {
        start.state = await window.webContents.executeJavaScript(\`${FIRST_STATE}\`)
      })
    })
    require(${JSON.stringify(join(root, 'out', 'main', 'electron.cjs'))})
    `,
  )
  return main
}

const startOnce = async (): Promise<Start> => {
  const folder = temporaryFolder()
  const app = await startDesktop({ dataDir: folder.path, main: noting(folder.path) })
  try {
    const page = await app.firstWindow()
    await page.getByText(/\d+ of \d+ machines? connected/).waitFor()
    const noted = () => app.evaluate(() => (globalThis as unknown as { start: Partial<Start> }).start)
    for (;;) {
      const { created, shown, state } = await noted()
      if (created !== undefined && shown !== undefined && state !== undefined) return { created, shown, state }
    }
  } finally {
    await app.close()
    folder.dispose()
  }
}

const ms = (value: number): string => `${value.toFixed(0)} ms`

/** From the start of the process to the window, and to what the window shows first. */
export const run = async (): Promise<Bench> => {
  const name = 'App: start in Electron, with a new data folder'
  if (noDesktop !== undefined) return { name, rows: [{ figure: 'not measured', value: noDesktop }] }
  const starts: Start[] = []
  for (let at = 0; at < RUNS; at += 1) starts.push(await startOnce())
  const row = (text: string, times: readonly number[], atMost: number) =>
    figure(text, ms(median(times)), { value: median(times), atMost, unit: 'ms', noise: spread(times, 0) })
  return {
    name,
    rows: [
      row(
        'until the window is visible',
        starts.map(({ created, shown }) => shown - created),
        1500,
      ),
      row(
        'from then until the first state is shown',
        starts.map(({ shown, state }) => Math.max(0, state - shown)),
        300,
      ),
    ],
  }
}
