import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { englishWarning } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import { scenes } from '../gallery/scenes'
import { serveScene } from '../gallery/server'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { root } from '../harness/paths'

const TITLE = 'build machine can’t run models.'
const problem = (text: string) => ({ MUSTER_PYTHON: '', MUSTER_PYTHON_PROBLEM: text })

let folder: { path: string; dispose(): void }
let node: HeadlessNode

let port: string

const start = async (text: string): Promise<void> => {
  node = await startHeadless({
    dataDir: folder.path,
    args: ['--name', 'build machine', '--port', port],
    env: problem(text),
  })
}

test.beforeEach(async () => {
  folder = temporaryFolder()
  port = String(await freePort())
  await start('There is no Python 3.11 or newer.')
})
test.afterEach(async () => {
  await node.stop()
  folder.dispose()
})

const banner = (page: Page) => page.getByRole('region', { name: 'Warnings' })
const mark = (page: Page) => page.getByRole('button', { name: '1 warning for build machine' })

test('a warning shows above the map and on its machine, with its cause and the way out', async ({ page }) => {
  await page.goto(node.url)
  await expect(banner(page)).toContainText(TITLE)
  await banner(page).getByRole('button', { name: /^Fix…/ }).click()
  const sheet = page.getByRole('dialog', { name: TITLE })
  await expect(sheet).toContainText('There is no Python 3.11 or newer.')
  await expect(sheet.getByRole('listitem')).toHaveCount(1)
  await expectAccessible(page)

  await sheet.getByRole('link', { name: 'Show the machine' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('article', { name: 'build machine' })).toBeFocused()

  await mark(page).click()
  await expect(sheet).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('what a person dismissed stays away until it is about something new, and can be taken back', async ({ page }) => {
  await page.goto(node.url)
  await banner(page)
    .getByRole('button', { name: `Dismiss: ${TITLE}` })
    .click()
  await expect(banner(page)).toBeHidden()
  await expect(mark(page)).toBeHidden()
  await page.reload()
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  await expect(banner(page)).toBeHidden()

  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: `Show again ${TITLE}` }).click()
  await expect(page.getByRole('heading', { name: 'Dismissed warnings' })).toBeHidden()
  await page.getByRole('link', { name: 'Cluster' }).click()
  await banner(page)
    .getByRole('button', { name: `Dismiss: ${TITLE}` })
    .click()
  await expect(banner(page)).toBeHidden()

  await node.stop()
  await start('The Python environment is damaged.')
  await expect(banner(page)).toContainText(TITLE)
})

test('every warning that the cluster has is shown, also those about its cables', async ({ page }) => {
  const scene = scenes.cabled()
  const gallery = await serveScene(scene, { app: join(root, 'out', 'renderer') })
  try {
    await page.goto(`${gallery.url}/#/cluster`)
    await banner(page)
      .getByRole('button', { name: /^Show \d+ more/ })
      .click()
    const titles = warningsOf(scene.world.state).map((warning) => englishWarning(warning).title)
    expect(titles.length).toBeGreaterThan(3)
    for (const title of titles) await expect(banner(page)).toContainText(title)
  } finally {
    await gallery.close()
  }
})
