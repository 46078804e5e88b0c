import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type { Event } from '@core/events/event'
import type { RunnerStatus } from '@core/state/runners'
import type { Scene } from '../gallery/scene'
import { scenes } from '../gallery/scenes'
import { serveScene, type Gallery } from '../gallery/server'
import { root } from '../harness/paths'

/** What keys and clicks do before an answer has come, and while what they are aimed at changes. */

let gallery: Gallery | undefined
test.afterEach(async () => {
  await gallery?.close()
  gallery = undefined
})

const open = async (page: Page, scene: Scene, at = 'cluster'): Promise<Gallery> => {
  gallery = await serveScene(scene, { app: join(root, 'out', 'renderer') })
  await page.goto(`${gallery.url}/#/${at}`)
  await expect(page.locator('footer .health')).toBeVisible()
  return gallery
}

interface Answer {
  readonly status?: number
  readonly json?: object
}

/** Holds requests back. What is returned lets them go, answers them, by default as the server does, and waits for the page. */
const held = async (page: Page, method: string, path: string): Promise<(answer?: Answer) => Promise<void>> => {
  let go = (_answer: Answer | undefined): void => undefined
  const gone = new Promise<Answer | undefined>((resolve) => (go = resolve))
  await page.route(`**${path}`, async (route) => {
    if (route.request().method() !== method) return route.fallback()
    const answer = await gone
    return answer === undefined ? route.continue() : route.fulfill({ status: 200, ...answer })
  })
  const asked = page.waitForRequest((request) => request.method() === method)
  return async (answer) => {
    const response = (await asked).response()
    go(answer)
    await (await response)?.finished()
    // The page has read it, and drawn what it read.
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  }
}

const reports = ({ world }: Scene, name: string, status: RunnerStatus): readonly Event[] => {
  const declared = Object.values(world.state.metaInstances).find((one) => one.metaInstanceId === name)
  if (!declared) throw new Error(`${name} is not declared`)
  return world
    .instance(declared.metaInstanceId)
    .shards.map(({ runnerId }) => ({ type: 'RunnerStatusUpdated', runnerId, ...status }))
}

const choose = async (page: Page, button: string, item: string): Promise<void> => {
  await page.getByRole('button', { name: button }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

for (const [what, answer] of [
  ['closes no other one', { status: 200, json: {} }],
  ['tells its error', { status: 409, json: { error: { code: 'picture', message: 'it is a picture' } } }],
] as const)
  test(`an answer that comes when its dialog is closed ${what}`, async ({ page }) => {
    await open(page, scenes.pair())
    const answered = await held(page, 'DELETE', '/members/*')
    await choose(page, 'More for Mac Studio', 'Remove from the cluster…')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
    await page.getByRole('button', { name: 'Add a machine…' }).first().click()
    await answered(answer)
    await expect(page.getByRole('dialog', { name: 'Add a machine' })).toBeVisible()
    if (answer.status === 409) await expect(page.getByText('Can’t remove Mac Studio.')).toBeVisible()
  })

test('a launch that is answered when its form is closed leaves the user where they are by then', async ({ page }) => {
  await open(page, scenes.three())
  const answered = await held(page, 'POST', '/meta_instance')
  await page.getByRole('button', { name: 'Launch a model…' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Launch', exact: true }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.keyboard.press('Control+j')
  await answered({ status: 201, json: { metaInstanceId: 'new' } })
  await expect(page.getByRole('dialog', { name: 'Keep a model running' })).toBeVisible()
  await expect(page.getByRole('heading', { level: 1, name: 'Settings', includeHidden: true })).toBeVisible()
})

test('the entries of an open menu stay where they are, whatever happens meanwhile', async ({ page }) => {
  const scene = scenes.three()
  const { emit } = await open(page, scene)
  const entries = page.getByRole('menuitem')
  await page.getByRole('button', { name: 'More for GLM-4.7-Flash-6bit' }).click()
  await expect(entries.first()).toBeVisible()
  const before = await entries.allTextContents()
  expect(before).not.toContain('Benchmark…')
  emit(...reports(scene, 'flash', { status: 'Ready' }))
  await expect(page.locator('[data-meta-instance-id=flash]')).toHaveAttribute('data-status', 'READY')
  expect(await entries.allTextContents()).toEqual(before)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'More for GLM-4.7-Flash-6bit' }).click()
  await expect(page.getByRole('menuitem', { name: 'Benchmark…' })).toBeVisible()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'More for Mac mini' }).click()
  const [mini] = Object.values(scene.world.state.members).filter(({ friendlyName }) => friendlyName === 'Mac mini')
  if (!mini) throw new Error('no Mac mini')
  const { nodeId, friendlyName, ownName } = mini
  emit({ type: 'MemberUpdated', nodeId, friendlyName, ownName, drained: true })
  await expect(page.getByRole('status').filter({ hasText: 'Mac mini is' })).toBeVisible()
  await expect(page.getByRole('menuitem', { name: 'Drain…' })).toBeVisible()
})

test('whoever asks to join is not turned away by a Return that was meant for something else', async ({ page }) => {
  const asked: string[] = []
  page.on('request', (request) => request.method() !== 'GET' && asked.push(request.url()))
  await open(page, scenes.asked())
  const question = page.getByRole('dialog', { name: 'Allow Mac mini to join?' })
  await expect(question).toBeVisible()
  for (const key of ['Enter', 'Space']) await page.keyboard.press(key)
  await expect(question).toBeVisible()
  expect(asked).toEqual([])
})

test('a link that launches a model says that it is elsewhere only when it is known to be', async ({ page }) => {
  const scene = scenes.one()
  gallery = await serveScene(scene, { app: join(root, 'out', 'renderer') })
  const listed = await held(page, 'GET', '/models')
  await page.goto(`${gallery.url}/#/cluster?launch=${encodeURIComponent('mlx-community/Qwen3-8B-4bit')}`)
  const model = page.getByRole('combobox', { name: 'Model' })
  await expect(model).toHaveValue('mlx-community/Qwen3-8B-4bit')
  await expect(model.getByRole('option', { selected: true })).toHaveText('mlx-community/Qwen3-8B-4bit')
  await listed()
  await expect(model.getByRole('option', { selected: true })).toHaveText(/^Qwen3 8B · 4-bit/)
  await expect(model.locator('option[value="mlx-community/Qwen3-8B-4bit"]')).toHaveCount(1)
})

test('what is typed while a setting is changed stays', async ({ page }) => {
  await open(page, scenes.one(), 'settings')
  const changed = await held(page, 'PATCH', '/node/settings')
  const view = (await (await page.request.get(`${gallery?.url}/node/settings`)).json()) as { settings: object }
  await page.getByRole('radio', { name: 'ModelScope' }).check({ force: true, noWaitAfter: true })
  await page.getByLabel('Token for the model hub').fill('hf_token')
  await changed({ json: { ...view, settings: { ...view.settings, hub: 'modelscope' } } })
  await expect(page.getByRole('radio', { name: 'ModelScope' })).toBeChecked()
  await expect(page.getByLabel('Token for the model hub')).toHaveValue('hf_token')
})

test('a question that is being typed goes to the model that was shown, whichever becomes ready meanwhile', async ({
  page,
}) => {
  const scene = scenes.three()
  const { emit } = await open(page, scene, 'chat')
  const model = page.getByRole('combobox', { name: 'Model' })
  await expect(model).toHaveValue('main')
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
  emit(...reports(scene, 'main', { status: 'WarmingUp' }), ...reports(scene, 'flash', { status: 'Ready' }))
  await expect(model.getByRole('option').first()).toHaveAttribute('value', 'flash')
  await expect(model).toHaveValue('main')
})

test('setup that is offered late does not come over a page that the user has begun to use', async ({ page }) => {
  gallery = await serveScene(scenes.setupMachine(), { app: join(root, 'out', 'renderer') })
  const offered = await held(page, 'GET', '/node/setup')
  await page.goto(gallery.url)
  await page.getByRole('link', { name: 'Settings' }).click()
  const title = page.getByRole('heading', { level: 1 })
  await expect(title).toHaveText('Settings')
  const answered = page.waitForResponse('**/node/setup')
  await offered()
  await (await answered).finished()
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  await expect(title).toHaveText('Settings')
  await page.getByRole('button', { name: 'Set up this Mac…' }).click()
  await expect(title).toHaveText('This Mac')
})

test('a key that is held down, or a double click, does one step of the setup', async ({ page }) => {
  gallery = await serveScene(scenes.setupMachine(), { app: join(root, 'out', 'renderer') })
  const launched: string[] = []
  page.on('request', (request) => request.method() === 'POST' && launched.push(request.url()))
  await page.goto(gallery.url)
  const first = page.locator('footer [data-first]')
  const title = page.getByRole('heading', { level: 1 })
  await expect(title).toHaveText('This Mac')
  await expect(first).toBeFocused()
  await page.keyboard.down('Enter')
  await expect(title).toHaveText('Your machines')
  await expect(first).toBeFocused()
  // Held down: each of these is a repetition.
  for (let count = 0; count < 5; count += 1) await page.keyboard.down('Enter')
  await page.keyboard.up('Enter')
  await expect(title).toHaveText('Your machines')
  await first.dblclick()
  await expect(title).toHaveText('First model')
  await expect(page.getByRole('radio', { name: /SmolLM2/ })).toBeVisible()
  expect(launched).toEqual([])
})

test('a step of the setup says nothing of the models, and Return skips nothing, before they are known', async ({
  page,
}) => {
  gallery = await serveScene(scenes.setupChat(), { app: join(root, 'out', 'renderer') })
  // So that the page itself asks for the events.
  await page.addInitScript('delete window.SharedWorker')
  const begun = await held(page, 'GET', '/events?cluster=true')
  const kept: string[] = []
  page.on('request', (request) => request.method() === 'PATCH' && kept.push(request.url()))
  await page.goto(gallery.url)
  await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible()
  await expect(page.getByText('Looking…')).toBeVisible()
  await page.keyboard.press('Enter')
  expect(kept).toEqual([])
  await begun()
  await expect(page.getByRole('button', { name: /^Ask: / })).toBeFocused()
})
