import { expect, test, type Locator, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { complaintsOf } from '../harness/complaints'
import { SetupStep } from '@core/settings/setup-progress'
import { fakeUv } from '../harness/fake-uv'
import { dragTo } from '../harness/drag'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addStarterModel } from '../harness/models'

/** Making an environment, loading a model and its first answer, on a machine that is busy otherwise. */
const TIMEOUT = 120_000
/** From nothing to the first answer. */
const MOST_CLICKS = 5

let folder: { path: string; dispose(): void }
let node: HeadlessNode

test.beforeEach(() => {
  folder = temporaryFolder()
})
test.afterEach(async () => {
  await node.stop()
  folder.dispose()
})

const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
  node = await startHeadless({
    dataDir: folder.path,
    args: ['--no-discovery'],
    env: { MUSTER_OFFER_SETUP: 'true', ...env },
  })
}

const heading = (page: Page, name: string | RegExp): Locator => page.getByRole('heading', { level: 1, name })
const step = (page: Page, name: string | RegExp): Locator => page.getByRole('navigation').getByRole('button', { name })

test('from nothing to the first answer it takes at most five clicks and no typing, also without Python', async ({
  page,
}) => {
  addStarterModel(folder.path)
  const uv = fakeUv(folder.path)
  await start(uv.env)
  // What the window was headed, in order: nothing is seen before the welcome.
  await page.addInitScript(`
    window.__headings = []
    new MutationObserver(() => {
      const heading = document.querySelector('h1')?.textContent
      if (heading && window.__headings.at(-1) !== heading) window.__headings.push(heading)
    }).observe(document, { subtree: true, childList: true })
  `)
  await page.goto(node.url)
  let clicks = 0
  const click = async (name: string | RegExp) => {
    clicks += 1
    await page.getByRole('main').getByRole('button', { name, exact: true }).click()
  }

  await expect(heading(page, 'Welcome to Muster')).toBeVisible()
  await expect(page.getByText('Python and MLX are missing')).toBeVisible()
  expect(await page.evaluate('window.__headings')).toEqual(['Welcome to Muster'])
  await expectAccessible(page)
  await click('Set up this machine')

  await expect(heading(page, 'This machine')).toBeVisible()
  await expect(page.locator('[data-check="python"]')).toHaveAttribute('data-state', 'ok', { timeout: TIMEOUT })
  await expectAccessible(page)
  await click('Continue')

  await expect(heading(page, 'Your machines')).toBeVisible()
  await expectAccessible(page)
  await click('Use this machine alone')

  await expect(heading(page, 'First model')).toBeVisible()
  await expect(page.getByRole('radio', { name: /SmolLM2/ })).toBeChecked()
  await expectAccessible(page)
  await click(/^Launch SmolLM2/)

  await expect(heading(page, 'First chat')).toBeVisible({ timeout: TIMEOUT })
  await expectAccessible(page)
  await click('Ask: What is the capital of France?')
  await expect(page.getByRole('article', { name: 'Answer' })).toContainText('Paris', { timeout: TIMEOUT })
  expect(clicks).toBeLessThanOrEqual(MOST_CLICKS)
  await expect(page.getByText(/tokens\/s/)).toBeVisible({ timeout: TIMEOUT })
  await expectAccessible(page)

  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await expect(heading(page, 'Connect a tool')).toBeVisible()
  await page.getByRole('button', { name: 'Try it' }).click()
  await expect(page.getByText(/It works: “/)).toBeVisible({ timeout: TIMEOUT })
  await expectAccessible(page)

  // One of the tools is called that too.
  await page.locator('footer').getByRole('button', { name: 'Continue', exact: true }).click()
  await expect(heading(page, 'Options')).toBeVisible()
  await expect(page.getByRole('checkbox', { name: /Let other devices/ })).not.toBeChecked()
  // Only the desktop app can do these.
  await expect(page.getByText('when I log in')).toHaveCount(0)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Finish', exact: true }).click()
  await expect(heading(page, 'Cluster')).toBeVisible()
  await page.reload()
  await expect(heading(page, 'Cluster')).toBeVisible()
})

test('every step can be done with the Return key alone', async ({ page }) => {
  addStarterModel(folder.path)
  await start()
  await page.goto(node.url)
  for (const title of ['Welcome to Muster', 'This machine', 'Your machines', 'First model']) {
    await expect(heading(page, title)).toBeVisible()
    await expect(page.getByRole('main').locator('footer [data-first]')).toBeFocused()
    await page.keyboard.press('Enter')
  }
  await expect(heading(page, 'First chat')).toBeVisible({ timeout: TIMEOUT })
  await page.keyboard.press('Enter')
  await expect(page.getByRole('article', { name: 'Answer' })).toContainText('Paris', { timeout: TIMEOUT })

  // The step before has nothing left to wait for: it stays until it is left, and leads further back.
  const back = page.getByRole('button', { name: 'Back' })
  await back.click()
  await expect(heading(page, /^Getting SmolLM2/)).toBeVisible()
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
  await expect(heading(page, 'First chat')).toBeVisible()
  await back.click()
  await expect(heading(page, /^Getting SmolLM2/)).toBeVisible()
  await back.click()
  await expect(heading(page, 'First model')).toBeVisible()
})

test('the Return key launches no model before the list of models is complete, then the recommended one', async ({
  page,
}) => {
  addStarterModel(folder.path)
  await start()
  await page.request.patch(`${node.url}/node/setup`, { data: { step: 'model', state: 'open' } })
  let list = (): void => undefined
  const listed = new Promise<void>((resolve) => (list = resolve))
  await page.route('**/models', async (route) => {
    await listed
    await route.continue()
  })
  await page.goto(node.url)
  await expect(heading(page, 'First model')).toBeVisible()
  await expect(page.getByText('Looking for models…')).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('radio')).toHaveCount(0)
  await expect(heading(page, 'First model')).toBeFocused()
  list()
  await expect(page.getByRole('radio', { name: /SmolLM2/ })).toBeChecked()
  await expect(page.getByRole('button', { name: /^Launch SmolLM2/ })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(heading(page, /^(Getting SmolLM2|First chat)/)).toBeVisible()
})

test('it goes on at the step where it was left, in another window and after the node was started again', async ({
  page,
  context,
}) => {
  addStarterModel(folder.path)
  await start()
  const titles: Readonly<Record<SetupStep, RegExp>> = {
    welcome: /Welcome/,
    machine: /^This machine/,
    cluster: /^Your machines/,
    model: /^First model/,
    working: /^Getting/,
    chat: /^First chat/,
    connect: /^Connect a tool/,
    options: /^Options/,
  }
  const state = (changes: object) =>
    page.request.patch(`${node.url}/node/setup`, { headers: { 'content-type': 'application/json' }, data: changes })
  const declared = await page.request.post(`${node.url}/meta_instance`, {
    data: { modelId: 'HuggingFaceTB/SmolLM2-135M-Instruct' },
  })
  const { metaInstanceId } = (await declared.json()) as { metaInstanceId: string }
  for (const left of SetupStep.options) {
    await state({ step: left, state: 'open', outcomes: { welcome: 'done' }, metaInstanceId })
    const other = await context.newPage()
    await other.goto(node.url)
    // A model that is ready leads on by itself.
    const shown = left === 'working' ? new RegExp(`${titles.working.source}|${titles.chat.source}`) : titles[left]
    await expect(heading(other, shown)).toBeVisible({ timeout: TIMEOUT })
    await other.close()
  }
  await state({ step: 'cluster' })
  await node.stop()
  await start()
  await page.goto(node.url)
  await expect(heading(page, 'Your machines')).toBeVisible()
})

test('each step can be skipped, gone back to, put off, and opened again from the settings', async ({ page }) => {
  addStarterModel(folder.path)
  await start()
  await page.goto(node.url)
  for (const title of ['Welcome to Muster', 'This machine', 'Your machines', 'First model']) {
    await expect(heading(page, title)).toBeVisible()
    await page.getByRole('button', { name: 'Skip', exact: true }).click()
  }
  // Without a model there is nothing to wait for, and nobody to talk to.
  await expect(heading(page, 'Connect a tool')).toBeVisible()
  await expect(step(page, 'First model, skipped')).toBeVisible()
  await page.getByRole('button', { name: 'Back' }).click()
  await expect(heading(page, 'First model')).toBeVisible()
  await step(page, /^This machine/).click()
  await expect(heading(page, 'This machine')).toBeVisible()

  await page.getByRole('button', { name: 'Finish later' }).click()
  await expect(heading(page, 'Cluster')).toBeVisible()
  await page.reload()
  await expect(heading(page, 'Cluster')).toBeVisible()
  await page.getByRole('button', { name: /^Continue setting up/ }).click()
  await expect(heading(page, 'This machine')).toBeVisible()
  await page.getByRole('button', { name: 'Finish later' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Set up this machine…' }).click()
  await expect(heading(page, 'This machine')).toBeVisible()
})

test('an installation that fails says why in its terminal and what to do, and is tried again', async ({ page }) => {
  addStarterModel(folder.path)
  const uv = fakeUv(folder.path)
  uv.fail('error: Failed to fetch https://packages.example/mlx: no route to host')
  await start(uv.env)
  const errors = complaintsOf(page)
  await page.goto(node.url)
  await page.getByRole('button', { name: 'Set up this machine' }).click()
  const check = page.locator('[data-check="python"]')
  await expect(check).toHaveAttribute('data-state', 'problem', { timeout: TIMEOUT })
  await expect(check).toContainText('no route to host')
  await expect(check.getByText('Check that this machine reaches the internet')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Terminal of the installation' })).toContainText('Resolved 40 packages')
  await expectAccessible(page)

  uv.mend()
  uv.hold()
  await check.getByRole('button', { name: 'Try again' }).click()
  await expect(check.getByRole('progressbar')).toBeVisible()
  await expect(check).toContainText(/step \d of \d/)
  uv.release()
  await expect(check).toHaveAttribute('data-state', 'ok', { timeout: TIMEOUT })
  expect(errors).toEqual([])
})

test('a model that is launched before Python is there waits for it, and says so', async ({ page }) => {
  addStarterModel(folder.path)
  const uv = fakeUv(folder.path)
  uv.hold()
  await start(uv.env)
  await page.goto(node.url)
  for (const name of ['Set up this machine', 'Continue', 'Use this machine alone']) {
    await page.getByRole('main').getByRole('button', { name, exact: true }).click()
  }
  await page.getByRole('button', { name: /^Launch SmolLM2/ }).click()
  await expect(heading(page, /^Getting SmolLM2/)).toBeVisible()
  await expect(page.getByText('as soon as Python and MLX are installed')).toBeVisible()
  await expectAccessible(page)
  uv.release()
  await expect(heading(page, 'First chat')).toBeVisible({ timeout: TIMEOUT })
})

test('a model is dragged onto the machine', async ({ page }) => {
  addStarterModel(folder.path)
  await start()
  await page.request.patch(`${node.url}/node/setup`, { data: { step: 'model', state: 'open' } })
  await page.goto(node.url)
  const map = page.getByRole('region', { name: 'Machines', exact: true })
  await dragTo(page, page.getByText('SmolLM2 135M Instruct', { exact: true }), map.getByRole('article'))
  await expect(heading(page, /^(Getting SmolLM2|First chat)/)).toBeVisible()
  await expect(page.getByRole('status').getByText('Launched SmolLM2 135M Instruct')).toBeVisible()
})
