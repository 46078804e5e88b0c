import { expect, test, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { complaintsOf } from '../harness/complaints'
import { dragTo } from '../harness/drag'
import type { HeadlessNode } from '../harness/headless-node'
import { TINY } from '../harness/models'
import { tinyMachines } from '../harness/tiny-machines'

const machines = tinyMachines()
const { machine, pair } = machines

/** The declarations that a node knows, by the machines that they name. */
const declared = async (page: Page, node: HeadlessNode): Promise<(string[] | undefined)[]> => {
  const answer = await page.request.get(`${node.url}/meta_instances`)
  const all = (await answer.json()) as { metaInstances: { modelId: string; nodeIds?: string[] }[] }
  return all.metaInstances.map(({ nodeIds }) => nodeIds)
}

test.afterEach(() => machines.stop())

test('a model that is dropped on a machine is launched there at once, and taken back by Undo', async ({ page }) => {
  const { studio, laptop } = await pair(page)
  const map = page.getByRole('region', { name: 'Machines', exact: true })
  const row = page.getByRole('complementary', { name: 'Shelf' }).getByRole('button', { name: /^Launch tiny/ })
  await dragTo(page, row, map.getByRole('article', { name: 'MacBook Pro' }))
  const notice = page.getByRole('status').getByText('Launched tiny on MacBook Pro')
  await expect(notice).toBeVisible()
  // It stays for as long as the pointer is on it.
  await notice.hover()
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveCount(1)
  expect(await declared(page, studio)).toEqual([[laptop.nodeId]])
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Undo the launch' }).click()
  await expect(card).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Undo the launch' })).toHaveCount(0)
})

test('while a model is dragged, machines say what it would take there', async ({ page }) => {
  await pair(page)
  const map = page.getByRole('region', { name: 'Machines', exact: true })
  const row = page.getByRole('complementary', { name: 'Shelf' }).getByRole('button', { name: /^Launch tiny/ })
  const tile = map.getByRole('article', { name: 'MacBook Pro' })
  await row.hover()
  await page.mouse.down()
  await tile.hover()
  await tile.hover({ position: { x: 30, y: 30 } })
  await expect(tile).toContainText(/Uses/)
  await expect(map.getByRole('status')).toContainText('Drop it on a machine')
  await page.keyboard.press('Escape')
  await page.mouse.up()
  await expect(tile).not.toContainText(/Uses/)
  await expect(page.locator('[data-meta-instance-id]')).toHaveCount(0)
})

test('machines are chosen by a rectangle, and a model that falls on one of them is shared out over all', async ({
  page,
}) => {
  const { studio, laptop } = await pair(page)
  const map = page.getByRole('region', { name: 'Machines', exact: true })
  const [first, second] = [
    await map.getByRole('article', { name: 'Mac Studio' }).boundingBox(),
    await map.getByRole('article', { name: 'MacBook Pro' }).boundingBox(),
  ]
  if (!first || !second) throw new Error('both machines are on the map')
  // Between the two tiles nothing lies but their line.
  const [left, right] = first.x < second.x ? [first, second] : [second, first]
  await page.mouse.move(left.x + left.width + 6, left.y + 4)
  await page.mouse.down()
  await page.mouse.move(left.x + left.width - 20, left.y + 30)
  await page.mouse.move(right.x + 20, right.y + 40)
  await page.mouse.move(left.x + left.width - 20, left.y + 30)
  await page.mouse.up()
  await expect(map.getByRole('status')).toContainText('1 machine selected')
  await map.getByRole('button', { name: 'Clear' }).click()

  for (const name of ['Mac Studio', 'MacBook Pro']) {
    await map.getByRole('button', { name: `More for ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Select for a launch' }).click()
  }
  await expect(map.getByRole('status')).toContainText('2 machines selected')
  const row = page.getByRole('complementary', { name: 'Shelf' }).getByRole('button', { name: /^Launch tiny/ })
  await dragTo(page, row, map.getByRole('article', { name: 'MacBook Pro' }))
  await expect(page.getByRole('status').getByText('Launched tiny on 2 machines')).toBeVisible()
  const [nodeIds] = await declared(page, studio)
  expect([...(nodeIds ?? [])].sort()).toEqual([studio.nodeId, laptop.nodeId].sort())
})

test('the menu beside a model does the same with the keyboard alone', async ({ page }) => {
  const { studio, laptop } = await pair(page)
  await page.getByRole('button', { name: 'Place tiny on…' }).focus()
  await page.keyboard.press('Enter')
  const item = page.getByRole('menuitem', { name: /^On MacBook Pro/ })
  await expect(item).toContainText(/uses/)
  await expectAccessible(page)
  await item.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status').getByText('Launched tiny on MacBook Pro')).toBeVisible()
  expect(await declared(page, studio)).toEqual([[laptop.nodeId]])
  // Return on the model itself asks for more, as before.
  await page.getByRole('button', { name: /^Launch tiny/ }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Keep a model running' })).toBeVisible()
})

test('from the models page a model is dragged onto the machines that come up, or placed by its menu', async ({
  page,
}) => {
  const { studio, laptop } = await pair(page)
  await page.getByRole('link', { name: 'Models' }).click()
  const row = page.getByRole('list', { name: 'Models on this cluster' }).getByRole('listitem')
  await row.locator('b').hover()
  await page.mouse.down()
  await page.mouse.move(400, 300)
  const dock = page.getByRole('region', { name: 'Where to launch tiny' })
  const target = dock.getByText('MacBook Pro', { exact: true })
  await target.hover()
  await target.hover({ position: { x: 8, y: 8 } })
  await expect(dock).toContainText(/uses/)
  await page.mouse.up()
  // It stays for as long as the pointer is on it.
  await page.getByRole('status').getByText('Launched tiny on MacBook Pro').hover()
  expect(await declared(page, studio)).toEqual([[laptop.nodeId]])
  await page.getByRole('button', { name: 'Undo the launch' }).click()
  await expect(dock).toBeHidden()
  await row.getByRole('button', { name: 'Place tiny on…' }).click()
  await page.getByRole('menuitem', { name: /^On Mac Studio/ }).click()
  await expect(page.getByRole('status').getByText('Launched tiny on Mac Studio')).toBeVisible()
})

test('what opens in the launch form is brought into view; the form goes when the browser goes back', async ({
  page,
}) => {
  const node = await machine('Mac Studio')
  await page.setViewportSize({ width: 900, height: 420 })
  await page.goto(`${node.url}/#/connect`)
  await page.getByRole('link', { name: 'Cluster' }).click()
  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  const form = page.getByRole('dialog', { name: 'Keep a model running' })
  await form.getByText('Hours', { exact: true }).click()
  await expect(form.getByRole('button', { name: 'Set hours' })).toBeInViewport()
  await form.getByText('More', { exact: true }).click()
  await expect(form.getByRole('combobox', { name: /^Sharding/ })).toBeInViewport()
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1, name: 'Connect' })).toBeVisible()
  await expect(form).toBeHidden()
})

test('a model that a request has loaded is kept by a launch, not declared a second time', async ({ page }) => {
  const node = await machine('Mac Studio')
  await page.goto(node.url)
  await page.request.post(`${node.url}/v1/completions`, {
    data: { model: TINY, prompt: 'hi', max_tokens: 2, ttl: 900 },
  })
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toContainText('On request')
  await page.getByRole('button', { name: /^Launch tiny/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Keep always on' }).click()
  await expect(card).toHaveCount(1)
  await expect(card).not.toContainText('On request')
})

test('the palette finds pages, models and commands; a sheet shows the shortcuts', async ({ page }) => {
  const complaints = complaintsOf(page)
  const node = await machine('Mac Studio')
  await page.goto(node.url)
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Commands' })
  await expect(palette).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Control+k')
  await expect(palette).toBeHidden()
  await page.keyboard.press('Control+k')
  await page.keyboard.press('Control+j')
  await expect(page.getByRole('dialog', { name: 'Keep a model running' })).toBeVisible()
  await expect(palette).toBeHidden()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('settings')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
  await expect(palette).toBeHidden()

  await page.keyboard.press('Control+k')
  await page.keyboard.type('launch tiny')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Keep a model running' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('shortcuts')
  await page.keyboard.press('Enter')
  await expect(palette).toBeHidden()
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+1')
  await expect(page.getByRole('heading', { level: 1, name: 'Cluster' })).toBeVisible()
  expect(complaints).toEqual([])
})
