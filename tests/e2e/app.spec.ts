import { expect, test, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { complaintsOf } from '../harness/complaints'
import { FakeHub } from '../harness/fake-hub'
import { freePort } from '../harness/free-port'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addStarterModel, addTinyModel, TINY, tinyModel } from '../harness/models'
import { PATIENCE_MS } from '../harness/patience'

let folder: { path: string; dispose(): void }
let node: HeadlessNode

test.beforeEach(async () => {
  folder = temporaryFolder()
})
test.afterEach(async () => {
  await node.stop()
  folder.dispose()
})

const launch = async (page: Page, model: string) => {
  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('combobox', { name: 'Model' }).selectOption({ label: model })
  await expect(page.getByLabel('Result')).toContainText(/uses/i)
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
}

test('a model that a request loaded says when it ends, can be pinned, kept and ended', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  await page.goto(node.url)
  await expect(page.getByText('No model is kept running yet')).toBeVisible()
  const ask = () =>
    page.request.post(`${node.url}/v1/completions`, { data: { model: TINY, prompt: 'hi', max_tokens: 2, ttl: 900 } })
  expect((await ask()).status()).toBe(200)
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toContainText(/On request · ends after 15 min idle · 1[0-4] min left/)
  await expectAccessible(page)

  await card.getByRole('button', { name: 'Pin' }).click()
  await expect(card).toContainText('On request · pinned')
  await card.getByRole('button', { name: 'End now' }).click()
  await expect(card).toHaveCount(0)
  expect((await ask()).status()).toBe(200)
  await card.getByRole('button', { name: /^More for/ }).click()
  await page.getByRole('menuitem', { name: 'Keep always on' }).click()
  await expect(card).not.toContainText('On request')

  await page.getByRole('link', { name: 'Settings' }).click()
  const never = page.getByRole('radio', { name: 'Never' })
  await never.check()
  await expect(never).toBeChecked()
  await expectAccessible(page)
  await page.getByRole('radio', { name: /^While only this machine can send requests/ }).check()
})

test('a setting changed just before the page is reloaded or left is changed', async ({ page }) => {
  node = await startHeadless({ dataDir: folder.path })
  // Open streams take up the connections that a browser allows itself to a host, so a change waits for one. A reload
  // would wait for one as well, and the streams for the reload.
  const changes = [
    { option: 'Never', value: 'off', leave: 'location.reload()', streams: 0 },
    {
      option: /^While only this machine can send requests/,
      value: 'auto',
      leave: 'location.href = "about:blank"',
      streams: 6,
    },
  ]
  for (const { option, value, ...ending } of changes) {
    await page.goto(`${node.url}/#/settings`)
    // The change may be stored before the navigation ends, and another one would end it.
    const left = page.waitForEvent('load')
    await page.getByRole('radio', { name: option }).evaluate((radio, { leave, streams }) => {
      const { click } = radio as unknown as { click(): void }
      for (let count = 0; count < streams; count += 1) void fetch('/events')
      click.call(radio)
      eval(leave)
    }, ending)
    await left
    const kept = async () => (await (await page.request.get(`${node.url}/node/settings`)).json()).settings.loadOnRequest
    await expect.poll(kept, { timeout: PATIENCE_MS }).toBe(value)
  }
})

test('a person declares a model, sees it become ready, chats with it and deletes it', async ({ page }) => {
  addStarterModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  const errors = complaintsOf(page)
  await page.goto(node.url)
  await expect(page.getByRole('heading', { name: 'Cluster', exact: true })).toBeVisible()
  await expect(page.getByText('No model is kept running yet')).toBeVisible()
  await expectAccessible(page)

  await launch(page, 'SmolLM2 135M Instruct · float32 · 538 MB')
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  await expectAccessible(page)

  await card.getByRole('button', { name: 'Chat' }).click()
  await page.getByRole('textbox', { name: 'Message' }).fill('What is the capital of France?')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('article', { name: 'Answer' }).last()).toContainText('Paris', { timeout: PATIENCE_MS })
  await expect(page.getByText(/tokens\/s/)).toBeVisible()
  await expectAccessible(page)

  for (const name of ['Models', 'Connect', 'Activity', 'Settings']) {
    await page.getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
    await expectAccessible(page)
  }

  await page.getByRole('link', { name: 'Cluster' }).click()
  await card.getByRole('button', { name: /^More for/ }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(card).toHaveCount(0)
  expect(errors).toEqual([])
})

/**
 * From now on: whether an element of this selector has had this text, however short that was. The page itself watches:
 * looking now and then can miss it, and so can a predicate given to `waitForFunction` as text, which the page's policy
 * lets nobody evaluate after the first look.
 */
const everShown = async (page: Page, selector: string, text: string): Promise<() => Promise<boolean>> => {
  await page.evaluate(`{
    const look = () => {
      const shown = [...document.querySelectorAll(${JSON.stringify(selector)})]
      if (shown.some(({ textContent }) => textContent.includes(${JSON.stringify(text)}))) window.everShown = true
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
    look()
  }`)
  return () => page.evaluate<boolean>('window.everShown === true')
}

test('a killed runner is shown as retrying with its error, comes back, and keeps saying why', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  await page.goto(node.url)
  await launch(page, 'tiny · float32 · 732 KB')
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  const state = (await (await fetch(`${node.url}/state`)).json()) as { runners: Record<string, { pid: number }> }
  const [runner] = Object.values(state.runners)
  const retrying = await everShown(page, '[data-status="RETRYING"]', 'Retrying (1/3)')
  process.kill(runner?.pid ?? 0, 'SIGKILL')
  await expect.poll(retrying, { timeout: PATIENCE_MS }).toBe(true)
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  await expect(card).toContainText('Re-created after:')
  await expect(card).toContainText('SIGKILL')
  await expectAccessible(page)
})

test('the app says when its node is gone, and goes on when it is back', async ({ page }) => {
  const port = String(await freePort())
  node = await startHeadless({ dataDir: folder.path, args: ['--port', port] })
  await page.goto(node.url)
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
  await node.kill()
  await expect(page.getByRole('contentinfo')).toContainText('Can’t reach this node')
  node = await startHeadless({ dataDir: folder.path, args: ['--port', port] })
  await expect(page.getByText('1 of 1 machine connected')).toBeVisible()
})

test('the settings page shows the settings of the node that is there now', async ({ page }) => {
  const port = String(await freePort())
  node = await startHeadless({ dataDir: folder.path, args: ['--port', port] })
  await page.goto(`${node.url}/#/settings`)
  const never = page.getByRole('radio', { name: 'Never' }).first()
  await expect(never).not.toBeChecked()
  await node.stop()
  node = await startHeadless({ dataDir: folder.path, args: ['--port', port, '--load-on-request', 'off'] })
  await expect(never).toBeChecked()
  await expect(never).toBeDisabled()
})

test('the history of a model grows where it is being read', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  const declared = await page.request.post(`${node.url}/meta_instance`, { data: { modelId: TINY, paused: true } })
  const { metaInstanceId } = (await declared.json()) as { metaInstanceId: string }
  await page.goto(node.url)
  await page
    .getByRole('button', { name: /^More for/ })
    .last()
    .click()
  await page.getByRole('menuitem', { name: 'History' }).click()
  const history = page.getByRole('dialog')
  const first = history.getByRole('listitem').last()
  await expect(first).toContainText('Declared')
  const line = await first.elementHandle()
  await page.request.patch(`${node.url}/meta_instance/${metaInstanceId}`, { data: { name: 'small' } })
  await expect(history).toContainText('Changed')
  expect(await line?.evaluate((element) => (element as { isConnected?: boolean }).isConnected)).toBe(true)
})

test('everything can be done with the keyboard alone', async ({ page }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  await page.goto(node.url)
  const button = page.getByRole('button', { name: /^Launch tiny/ })
  await button.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: /^Name/ }).focus()
  await page.keyboard.type('keys')
  await page.keyboard.press('Enter')
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  await card.getByRole('button', { name: 'More for keys' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Pause' }).focus()
  await page.keyboard.press('Enter')
  await expect(card).toHaveAttribute('data-status', 'PAUSED')
})

test('a person finds models on the hub, downloads one, gives one up, and launches one that is not here yet', async ({
  page,
}) => {
  const hub = await FakeHub.start()
  hub.add(TINY, { folder: tinyModel() })
  hub.add('who/tiny-too', { folder: tinyModel() })
  hub.add('who/tiny-flux', { files: { 'config.json': '{"model_type":"flux"}' } })
  node = await startHeadless({ dataDir: folder.path, env: { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' } })
  await page.goto(`${node.url}/#/models?view=hub`)
  await page.getByRole('searchbox').fill('tiny')
  await page.getByRole('searchbox').press('Enter')
  const found = (modelId: string) =>
    page
      .getByRole('list', { name: /^Models on/ })
      .getByRole('listitem')
      .filter({ hasText: modelId })
  await expect(found('who/tiny-flux')).toContainText('cannot run "flux" models')
  await expect(found(TINY)).toContainText('fits')

  // So slow that it is still on its way however long this page is looked at.
  hub.limit(4000)
  await found('who/tiny-too').getByRole('button', { name: 'Download' }).click()
  const arriving = page.getByRole('region', { name: 'Downloading' })
  await expect(arriving.getByRole('progressbar')).toBeVisible()
  await expectAccessible(page)
  await arriving.getByRole('button', { name: 'Cancel' }).click()
  await expect(arriving).toBeHidden()
  hub.limit(Infinity)
  await found('who/tiny-too').getByRole('button', { name: 'Download' }).click()
  await expect(found('who/tiny-too')).toContainText('on your machines')

  await found(TINY).getByRole('button', { name: 'Launch' }).click()
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue(TINY)
  await expect(page.getByLabel('Result')).toContainText(/uses/i)
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await expect(page.locator('[data-meta-instance-id]')).toHaveAttribute('data-status', 'READY', {
    timeout: PATIENCE_MS,
  })
  await hub.close()
})

test('six tabs follow one node, each with what happens, over one connection', async ({ page, context }) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path })
  const tabs = [page]
  for (let more = 0; more < 5; more += 1) tabs.push(await context.newPage())
  for (const tab of tabs) {
    await tab.goto(node.url)
    await expect(tab.getByText('No model is kept running yet')).toBeVisible()
  }
  await launch(page, 'tiny · float32 · 732 KB')
  for (const tab of tabs) await expect(tab.locator('[data-meta-instance-id]')).toHaveCount(1)
  await page.close()
  await tabs[5]?.reload()
  for (const tab of tabs.slice(1)) await expect(tab.locator('[data-meta-instance-id]')).toHaveCount(1)
})

test('a model with hours rests outside of them, says until when, and is back when they are taken away', async ({
  page,
}) => {
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path, args: ['--load-on-request', 'off'] })
  await page.goto(node.url)
  await page.getByRole('button', { name: /^Launch tiny/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('office')
  await dialog.getByText('Hours', { exact: true }).click()
  await dialog.getByRole('button', { name: 'Set hours' }).click()
  const hours = dialog.getByRole('group', { name: 'Hours 1' })
  // One day that is neither today nor beside it, whatever the time zone.
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const far = days[(new Date().getUTCDay() + 2) % 7]
  for (const day of days) await hours.getByRole('checkbox', { name: day }).setChecked(false)
  await expect(hours).toContainText('None chosen: every day')
  for (const day of days) await hours.getByRole('checkbox', { name: day }).setChecked(day === far)
  await expect(hours).not.toContainText('every day')
  await hours.getByLabel('From').fill('03:00')
  await hours.getByLabel('To', { exact: true }).fill('04:30')
  await hours.getByLabel('Time zone').fill('Europe/Berlin')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Launch', exact: true }).click()

  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'OFF_HOURS')
  await expect(card).toContainText('Off hours')
  await expect(card).toContainText(`${far} 03:00–04:30 (Europe/Berlin)`)
  const ask = () => page.request.post(`${node.url}/v1/completions`, { data: { model: 'office', prompt: 'hi' } })
  expect((await ask()).status()).toBe(503)
  await expectAccessible(page)

  await card.getByRole('button', { name: 'More for office' }).click()
  await page.getByRole('menuitem', { name: /^Change/ }).click()
  await dialog.getByRole('button', { name: 'Remove these hours' }).click()
  await dialog.getByRole('button', { name: 'Change', exact: true }).click()
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: PATIENCE_MS })
  await expect(card).not.toContainText('03:00')
  expect((await ask()).status()).toBe(200)
})
