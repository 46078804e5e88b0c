import { mkdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, type ElectronApplication, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { Control } from '../harness/control'
import { startDesktopAgain } from '../harness/desktop-app'
import { apiUrl, connected, nextWindow, test } from '../harness/desktop-test'
import { temporaryFolder } from '../harness/headless-node'
import { addTinyModel } from '../harness/models'
import { PATIENCE_MS } from '../harness/patience'

const heading = (page: Page) => page.getByRole('heading', { name: 'Cluster', exact: true })

const windows = (electron: ElectronApplication): Promise<number> =>
  electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('a model is declared, becomes ready, answers, and quitting leaves no process behind', async ({
  folder,
  start,
}) => {
  addTinyModel(folder.path)
  const electron = await start()
  const page = await connected(electron)
  expect(page.url()).toBe('app://muster/')
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  await card.getByRole('button', { name: 'Chat' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('hello')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('article', { name: 'Answer' })).toBeVisible()
  // What this model says is random, and may be little; that its answer was whole is in the state.
  const { runners } = await new Control(await apiUrl(page)).until('an answer', ({ tasks }) =>
    Object.values(tasks).some(({ status }) => status === 'Complete'),
  )
  const runnerPids = Object.values(runners).map((runner) => ('pid' in runner ? Number(runner.pid) : 0))
  expect(runnerPids).toHaveLength(1)
  const own = await electron.evaluate(({ app: running }) => running.getAppMetrics().map(({ pid }) => pid))
  await electron.close()
  await expect.poll(() => [...runnerPids, ...own].filter((pid) => !gone(pid))).toEqual([])
})

/** What a person does with a folder of the desktop: only Chromium's own protocol makes a drop that is trusted. */

const dropFolder = async (page: Page, path: string): Promise<void> => {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data })
}

test('a model’s folder that is dropped on the window is added by a link; what is wrong with one is said', async ({
  folder,
  start,
}) => {
  const given = temporaryFolder()
  try {
    const model = addTinyModel(given.path)
    const broken = join(given.path, 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'config.json'), '{"model_ty')
    const electron = await start()
    const page = await connected(electron)
    await dropFolder(page, model)
    const id = `local/${basename(model)}`
    await expect(page.getByRole('status').filter({ hasText: `${id} was added` })).toBeVisible()
    expect(readlinkSync(join(folder.path, 'models', ...id.split('/')))).toBe(realpathSync(model))
    await page.getByRole('button', { name: 'Show models' }).click()
    await expect(page.getByText(id).first()).toBeVisible()
    await dropFolder(page, model)
    await expect(page.getByText(`${id} is here already.`)).toBeVisible()
    await dropFolder(page, broken)
    await expect(page.getByRole('dialog')).toContainText('Can’t add this folder.')
    await expect(page.getByRole('dialog')).toContainText('config.json')
  } finally {
    given.dispose()
  }
})

test('text can be copied from the page', async ({ start }) => {
  const electron = await start()
  const page = await connected(electron)
  await electron.evaluate(({ clipboard }) => clipboard.writeText('before'))
  await page.bringToFront()
  await page.getByRole('contentinfo').getByRole('button').first().click()
  await expect.poll(() => electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(`${await apiUrl(page)}/v1`)
})

test('closing the window leaves the node at work, and a second start brings the window back where it was', async ({
  folder,
  start,
}) => {
  const electron = await start()
  const page = await connected(electron)
  const place = { x: 40, y: 50, width: 900, height: 600 }
  await electron.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), place)
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  await expect.poll(() => page.isClosed()).toBe(true)
  await expect.poll(() => windows(electron)).toBe(0)

  const back = nextWindow(electron)
  expect(await startDesktopAgain({ dataDir: folder.path })).toBe(0)
  await expect(heading(await back)).toBeVisible()
  expect(await windows(electron)).toBe(1)
  const bounds = await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds())
  expect(bounds).toMatchObject({ width: place.width, height: place.height })
})

test('the window’s place outlives the app', async ({ folder, start }) => {
  const electron = await start()
  await connected(electron)
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(910, 610))
  await electron.close()
  const kept: unknown = JSON.parse(readFileSync(join(folder.path, 'desktop', 'window.json'), 'utf8'))
  expect(kept).toMatchObject({ width: 910, height: 610, maximized: false })
})
