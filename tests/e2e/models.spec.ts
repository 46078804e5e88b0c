import { expect, test } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { existsSync } from 'node:fs'
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

test('recommended models say what fits, are filtered and kept as favorites, with a sheet of their quantizations', async ({
  page,
}) => {
  node = await startHeadless({ dataDir: folder.path })
  await page.goto(`${node.url}/#/models?view=hub`)
  const list = page.getByRole('list', { name: 'Recommended models' })
  await expect(list.getByRole('listitem').first()).toBeVisible()
  await page.getByRole('combobox', { name: 'Family' }).selectOption('Qwen')
  const small = list.getByRole('listitem').filter({ hasText: 'Qwen3 0.6B' })
  await expect(small).toContainText('fits')
  await expectAccessible(page)

  await small.getByRole('button', { name: 'Favorite: Qwen3 0.6B' }).click()
  await page.getByRole('checkbox', { name: 'favorites' }).check()
  await expect(list.getByRole('listitem')).toHaveCount(1)
  await page.getByRole('checkbox', { name: 'vision' }).check()
  await expect(page.getByText('No recommended model matches these filters')).toBeVisible()
  await page.getByRole('button', { name: 'Show all' }).click()

  await page.getByRole('combobox', { name: 'Family' }).selectOption('GLM')
  await page.getByRole('button', { name: 'Details of GLM 4.7 Flash' }).click()
  const sheet = page.getByRole('list', { name: 'Quantizations of GLM 4.7 Flash' })
  await expect(sheet.getByRole('listitem')).toHaveCount(4)
  await expect(sheet).toContainText('mlx-community/GLM-4.7-Flash-8bit')
  await expectAccessible(page)
})

test('a model on disk tells who uses it and is deleted with the bytes that this frees', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  await page.request.post(`${node.url}/meta_instance`, { data: { modelId: TINY, name: 'helper', paused: true } })
  await page.goto(`${node.url}/#/models`)
  const row = page.getByRole('listitem').filter({ hasText: TINY })
  await expect(row).toContainText('used by helper')
  await expectAccessible(page)
  await row.getByRole('button', { name: /^Delete/ }).click()
  await expect(page.getByRole('dialog')).toContainText('Frees 732 KB on 1 machine')
  await expectAccessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(row).toHaveCount(0)
  expect(existsSync(join(folder.path, 'models', ...TINY.split('/')))).toBe(false)
})
