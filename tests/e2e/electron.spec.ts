import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { _electron, expect, test, type ElectronApplication, type Page } from '@playwright/test'
import { testElectron } from '../../build/test-runtime/electron.mjs'
import { temporaryFolder, testEnvironment } from '../harness/headless-node'
import { addTinyModel } from '../harness/models'
import { root } from '../harness/paths'

const READY_TIMEOUT = 60_000
const executablePath = await testElectron()

test.skip(executablePath === undefined, 'No Electron binary is here; the set-up says why.')
test.skip(process.platform === 'linux' && !process.env['DISPLAY'], 'No display is here; run under xvfb-run.')

let folder: { path: string; dispose(): void }
let app: ElectronApplication
let page: Page

const start = (dataDir: string): Promise<ElectronApplication> =>
  _electron.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [root],
    env: { ...testEnvironment(dataDir), MUSTER_DATA_DIR: dataDir, MUSTER_PORT: '0' },
  })

test.beforeEach(async () => {
  folder = temporaryFolder()
  addTinyModel(folder.path)
  app = await start(folder.path)
  page = await app.firstWindow()
})
test.afterEach(async () => {
  await app.close()
  folder.dispose()
})

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('a model is declared, becomes ready, answers, and quitting ends its runner', async () => {
  expect(page.url()).toBe('app://muster/')
  await expect(page.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])

  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: READY_TIMEOUT })
  await card.getByRole('button', { name: 'Chat' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('hello')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('article', { name: 'Answer' })).toContainText(/[a-z]{3}/)

  const url = (await page.locator('footer code').textContent())?.replace(/\/v1$/, '') ?? ''
  const state = (await (await fetch(`${url}/state`)).json()) as { runners: Record<string, { pid: number }> }
  const pids = Object.values(state.runners).map(({ pid }) => pid)
  expect(pids).toHaveLength(1)
  await app.close()
  await expect.poll(() => pids.every(gone), { timeout: 15_000 }).toBe(true)
})

test('the page has no more rights than a web page', async () => {
  await expect(page.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  expect(await page.evaluate(`['require', 'process', 'module'].filter((name) => name in window)`)).toEqual([])
  expect(await page.evaluate(`Object.keys(window.muster ?? {}).sort()`)).toEqual(['apiAccess', 'loginItem'])
  await page.evaluate(`void (window.location.href = 'https://example.com/')`)
  expect(await page.evaluate(`window.open('https://example.com/') === null`)).toBe(true)
  expect(page.url()).toMatch(/^app:\/\/muster\//)
  expect(app.windows()).toHaveLength(1)
  // The page's policy holds: a script that text could smuggle in is not run.
  const smuggled = `(() => {
    const script = document.createElement('script')
    script.textContent = 'window.smuggled = true'
    document.body.append(script)
    return 'smuggled' in window
  })()`
  expect(await page.evaluate(smuggled)).toBe(false)
})

test('closing the window leaves the node at work, and a second start brings the window back', async () => {
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  await page.close()
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0)
  const opened = app.waitForEvent('window')
  await app.evaluate(({ app: electronApp }) => electronApp.emit('second-instance'))
  await expect((await opened).getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
})

test('a second app on the same data folder leaves it to the first', async () => {
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  const second = await start(folder.path).catch(() => undefined)
  // It ends by itself, or was gone before it could be asked.
  if (second) await second.waitForEvent('close')
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  expect(join(folder.path, 'desktop')).toBe(
    await app.evaluate(({ app: electronApp }) => electronApp.getPath('userData')),
  )
})
