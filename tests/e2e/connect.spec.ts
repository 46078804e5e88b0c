import { expect, test } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

let folder: { path: string; dispose(): void }
let node: HeadlessNode

test.beforeEach(() => {
  folder = temporaryFolder()
})
test.afterEach(async () => {
  await node.stop()
  folder.dispose()
})

test('a program’s configuration is shown, written and taken back', async ({ page }) => {
  addTinyModel(folder.path)
  const home = join(folder.path, 'home')
  mkdirSync(join(home, '.claude'), { recursive: true })
  const settings = join(home, '.claude', 'settings.json')
  writeFileSync(settings, '{\n  "theme": "dark"\n}\n')
  node = await startHeadless({ dataDir: folder.path, env: { HOME: home } })
  await page.request.post(`${node.url}/meta_instance`, { data: { modelId: TINY, name: 'chat', paused: true } })
  await page.goto(`${node.url}/#/connect`)
  const claude = page.getByRole('listitem').filter({ hasText: 'Claude Code' })
  await claude.getByText('Claude Code', { exact: true }).click()
  await expect(claude).toContainText(`"ANTHROPIC_BASE_URL": "${node.url}"`)
  await expectAccessible(page)
  await claude.getByRole('button', { name: 'Write it into ~/.claude/settings.json…' }).click()
  await expect(page.getByRole('group', { name: 'Change', exact: true })).toContainText('"ANTHROPIC_MODEL": "chat"')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Write it', exact: true }).click()
  await expect(claude.getByText('written by Muster')).toBeVisible()
  expect(JSON.parse(readFileSync(settings, 'utf8'))).toMatchObject({ theme: 'dark', env: { ANTHROPIC_MODEL: 'chat' } })
  await claude.getByRole('button', { name: /^Undo/ }).click()
  await expect(claude.getByText('written by Muster')).toBeHidden()
  expect(readFileSync(settings, 'utf8')).toBe('{\n  "theme": "dark"\n}\n')

  // This node answers its own machine alone, so no phone can be signed in; it says how that is changed.
  await page.getByRole('button', { name: 'Show a code' }).click()
  await expect(page.getByRole('alert')).toContainText('--host')
  await page.getByRole('main').getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('checkbox', { name: 'Let other devices use the models' })).toBeVisible()
})

test('a code signs a phone in, once, and the app can be used there', async ({ page, browser }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path, args: ['--host', '0.0.0.0'] })
  await expect.poll(() => node.stderr()).toContain('/sign-in?code=')
  await page.goto(/http\S+sign-in\S+/.exec(node.stderr())?.[0] ?? '')
  await expect(page.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Connect' }).click()
  await page.getByRole('button', { name: 'Show a code' }).click()
  await expect(page.getByRole('img', { name: /^QR code/ })).toBeVisible()
  const link = await page
    .getByRole('button', { name: /^Copy the link/ })
    .locator('code')
    .innerText()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'create one and fill it in' }).click()
  await page.getByText('curl', { exact: true }).click()
  await expect(page.locator('pre').filter({ hasText: 'authorization: Bearer mst_' })).toBeVisible()

  const phone = await browser.newPage({ viewport: { width: 390, height: 800 } })
  await phone.goto(link)
  await expect(phone.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  for (const name of ['Models', 'Chat', 'Connect', 'Activity', 'Settings']) {
    await phone.getByRole('link', { name }).click()
    await expect(phone.getByRole('heading', { name, exact: true })).toBeVisible()
    // Nothing is wider than the screen.
    expect(await phone.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  }
  const again = await browser.newContext()
  expect((await again.request.get(link)).status()).toBe(401)
  await again.close()
  await phone.close()
})
