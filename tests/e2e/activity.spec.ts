import { expect, test } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { PATIENCE_MS } from '../harness/patience'

let folder: { path: string; dispose(): void }
let node: HeadlessNode

test.beforeEach(() => {
  folder = temporaryFolder()
})
test.afterEach(async () => {
  await node.stop()
  folder.dispose()
})

test('past requests are there with where their time went, also after a restart; events, log and a support bundle', async ({
  page,
}) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  const ask = (data: object) => page.request.post(`${node.url}/v1/completions`, { data, timeout: PATIENCE_MS })
  expect((await ask({ model: TINY, prompt: 'my diary', max_tokens: 8, temperature: 0 })).status()).toBe(200)
  expect((await ask({ model: 'nobody/none', prompt: 'my diary' })).status()).toBe(404)
  await node.stop()
  node = await startHeadless({ dataDir: folder.path })

  await page.goto(`${node.url}/#/activity`)
  await expect(page.getByText('Nothing is in progress')).toBeVisible()
  await expectAccessible(page)
  const views = page.getByRole('navigation', { name: 'Activity' })
  await views.getByRole('link', { name: 'Requests' }).click()
  const rows = page.getByRole('row')
  await expect(rows.filter({ hasText: 'Length limit' })).toContainText(/waited .* prompt .* wrote/)
  await expect(rows.filter({ hasText: 'Failed' })).toContainText('nobody/none')
  await expectAccessible(page)
  await page.getByRole('searchbox').fill('failed')
  await expect(rows.filter({ hasText: 'Length limit' })).toHaveCount(0)

  await page.request.post(`${node.url}/meta_instance`, { data: { modelId: TINY, name: 'chat' } })
  await views.getByRole('link', { name: 'Events' }).click()
  // Newest first; the model that a request loaded was declared before the restart.
  await expect(page.getByRole('listitem').filter({ hasText: 'Declared' })).toContainText(['chat', 'tiny'])
  await page.getByRole('checkbox', { name: 'Models' }).uncheck()
  await expect(page.getByText('Declared')).toHaveCount(0)
  await expectAccessible(page)

  await views.getByRole('link', { name: 'Log' }).click()
  const log = page.getByRole('log', { name: 'Log of this node' })
  await expect(log).toContainText('running')
  await page.getByRole('searchbox').fill('surely nothing has this')
  await expect(page.getByText('No line of this level matches the search')).toBeVisible()
  await page.getByRole('searchbox').fill('')
  await expectAccessible(page)
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  expect((await saved).suggestedFilename()).toBe('muster-log.jsonl')

  await views.getByRole('link', { name: 'Support' }).click()
  await page.getByRole('button', { name: 'Make a support bundle' }).click()
  const bundle = page.getByRole('group', { name: 'Support bundle' })
  await expect(bundle).toContainText('"format": "muster-support"')
  await expect(bundle).not.toContainText('my diary')
  await expect(bundle).not.toContainText('BEGIN CERTIFICATE')
  await expectAccessible(page)
})

test('what a runner prints can be followed, searched and exported', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  await page.goto(`${node.url}/#/activity?view=consoles`)
  await expect(page.getByText('No runner on this machine')).toBeVisible()
  await page.request.post(`${node.url}/meta_instance`, { data: { modelId: TINY, name: 'chat' } })
  const runner = page.getByRole('combobox', { name: 'Runner' })
  await expect(runner).toContainText('chat · ready', { timeout: PATIENCE_MS })
  // A runner with nothing to complain of prints nothing.
  const empty = page.getByText('Nothing has been printed yet')
  await expect(page.getByRole('region', { name: /^Console of chat/ }).or(empty)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('searchbox', { name: 'Search the console' }).fill('no line has these words')
  await expect(page.getByRole('status').filter({ hasText: /^0 lines$/ })).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  expect((await download).suggestedFilename()).toBe('muster-console.txt')
})
