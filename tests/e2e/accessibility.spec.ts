import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { scenes, type SceneName } from '../gallery/scenes'
import { serveScene, type Gallery } from '../gallery/server'
import { root } from '../harness/paths'

/** Everything that opens above a page: the component it is in, and how a user comes to it. */
interface Overlay {
  readonly scene: SceneName
  readonly at?: string
  readonly role?: 'menu'
  readonly open: (page: Page) => Promise<unknown>
}

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click()

const choose = async (page: Page, button: string, item: string | RegExp) => {
  await press(page, button)
  await page.getByRole('menuitem', { name: item }).click()
}

const say = async (page: Page, text: string) => {
  // Said at an earlier look, it is there.
  if ((await page.getByRole('button', { name: `More for ${text}` }).count()) > 0) return
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `More for ${text}` }).waitFor()
}

const OVERLAYS: Record<string, readonly Overlay[]> = {
  'features/benchmark/benchmark-dialog': [
    { scene: 'one', open: (page) => choose(page, 'More for chat', 'Benchmark…') },
  ],
  'features/chat/chat-page': [
    {
      scene: 'one',
      at: 'chat',
      open: async (page) => {
        await page.setViewportSize({ width: 720, height: 800 })
        await press(page, 'Conversations…')
      },
    },
  ],
  'features/chat/conversation-menu': [
    {
      scene: 'one',
      at: 'chat',
      role: 'menu',
      open: async (page) => {
        await say(page, 'Hello there')
        await press(page, 'More for Hello there')
      },
    },
    {
      scene: 'one',
      at: 'chat',
      open: async (page) => {
        await say(page, 'Hello there')
        await choose(page, 'More for Hello there', 'Rename…')
      },
    },
    {
      scene: 'one',
      at: 'chat',
      open: async (page) => {
        await say(page, 'Hello there')
        await choose(page, 'More for Hello there', 'Delete…')
      },
    },
  ],
  'features/chat/options-dialog': [{ scene: 'one', at: 'chat', open: (page) => press(page, 'Options…') }],
  'features/cluster/card-menu': [{ scene: 'one', role: 'menu', open: (page) => press(page, 'More for chat') }],
  'features/cluster/console-dialog': [{ scene: 'one', open: (page) => choose(page, 'More for chat', 'Console') }],
  'features/cluster/delete-dialog': [{ scene: 'one', open: (page) => choose(page, 'More for chat', 'Delete…') }],
  'features/cluster/funnel-dialog': [{ scene: 'statuses', open: (page) => press(page, 'Why?') }],
  'features/cluster/history-dialog': [{ scene: 'one', open: (page) => choose(page, 'More for chat', 'History') }],
  'features/cluster/machine-menu': [
    { scene: 'pair', role: 'menu', open: (page) => press(page, 'More for Mac Studio') },
  ],
  'features/cluster/what-if-dialog': [
    { scene: 'three', open: (page) => choose(page, 'More for Qwen3-235B-A22B-4bit', 'What if…') },
  ],
  'features/keys/keys-section': [
    {
      scene: 'one',
      at: 'settings',
      open: async (page) => {
        await page.locator('#keys + ul summary, [aria-labelledby=keys] summary').first().click()
        await press(page, /^Revoke/)
      },
    },
  ],
  'features/launch/launch-dialog': [
    {
      scene: 'three',
      open: async (page) => {
        await press(page, 'Launch a model…')
        await page.getByRole('dialog').locator('summary').last().click()
      },
    },
  ],
  'features/launch/place-menu': [{ scene: 'three', role: 'menu', open: (page) => press(page, /^Place .* on…$/) }],
  'features/machines/add-dialog': [
    { scene: 'alone', open: (page) => press(page, 'Add a machine…') },
    {
      scene: 'alone',
      open: async (page) => {
        await press(page, 'Add a machine…')
        await press(page, 'Create an invitation')
      },
    },
    {
      scene: 'joinFailed',
      open: async (page) => {
        await press(page, 'Add a machine…')
        await press(page, 'Ask to join Mac Studio')
      },
    },
  ],
  'features/machines/approve-dialog': [{ scene: 'asked', open: () => Promise.resolve() }],
  'features/machines/doctor-dialog': [{ scene: 'doctor', open: (page) => press(page, 'Check connections…') }],
  'features/machines/drain-dialog': [{ scene: 'pair', open: (page) => choose(page, 'More for Mac Studio', 'Drain…') }],
  'features/machines/duplicate-dialog': [
    {
      scene: 'putOff',
      open: async (page) => {
        await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
        await page.getByRole('alert').getByRole('button', { name: 'Fix…' }).click()
      },
    },
  ],
  'features/machines/remove-dialog': [
    { scene: 'pair', open: (page) => choose(page, 'More for Mac Studio', 'Remove from the cluster…') },
    { scene: 'pair', open: (page) => choose(page, 'More for Ada’s MacBook Pro', 'Leave the cluster…') },
  ],
  'features/machines/rename-dialog': [
    { scene: 'pair', open: (page) => choose(page, 'More for Mac Studio', 'Rename…') },
    { scene: 'pair', at: 'settings', open: (page) => press(page, 'Rename… the cluster') },
  ],
  'features/models/delete-model-dialog': [{ scene: 'three', at: 'models', open: (page) => press(page, /^Delete/) }],
  'features/models/quantization-sheet': [
    { scene: 'three', at: 'models?view=hub', open: (page) => press(page, 'Details of GLM 4.7 Flash') },
  ],
  'features/models/unused-models': [
    { scene: 'unused', at: 'models', open: (page) => press(page, 'Delete unused models…') },
  ],
  'features/palette/help-sheet': [{ scene: 'one', open: (page) => page.keyboard.press('?') }],
  'features/palette/palette-dialog': [{ scene: 'three', open: (page) => page.keyboard.press('Control+k') }],
  'features/warnings/warning-sheet': [{ scene: 'cabled', open: (page) => press(page, /^Fix…/) }],
  workspace: [{ scene: 'one', open: (page) => choose(page, 'More for chat', 'Pause') }],
}

/** These need more than a picture of a cluster; the spec that opens them looks with axe too. */
const ELSEWHERE: Record<string, string> = {
  'features/chat/picture-list': 'chat-pictures.spec.ts',
  'features/connect/config-change-dialog': 'connect.spec.ts',
}

test('every component that opens above a page is looked at', () => {
  const source = join(root, 'src-renderer')
  const opening = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.svelte') && !file.startsWith('components'))
    .filter((file) => /<(Dialog|dialog|DropdownMenu\.Root)\b/.test(readFileSync(join(source, file), 'utf8')))
    .map((file) => file.replaceAll('\\', '/').replace(/\.svelte$/, ''))
  expect(opening.sort()).toEqual([...Object.keys(OVERLAYS), ...Object.keys(ELSEWHERE)].sort())
})

/** The scene that was looked at last: the next look at it needs no other page. */
let shown: { readonly scene: SceneName; readonly gallery: Gallery; readonly page: Page } | undefined

const close = async (): Promise<void> => {
  await shown?.page.close()
  await shown?.gallery.close()
  shown = undefined
}
test.afterAll(close)

const WINDOW = { width: 1280, height: 720 }

/** A page with a picture of a cluster. */
const pageOf = async (browser: Browser, scene: SceneName, at: string): Promise<Page> => {
  if (shown?.scene !== scene) {
    await close()
    const gallery = await serveScene(scenes[scene](), { app: join(root, 'out', 'renderer') })
    // Colours that are fading from one theme to the other have no contrast of their own.
    const page = await browser.newPage({ viewport: WINDOW, reducedMotion: 'reduce' })
    shown = { scene, gallery, page }
    await page.goto(`${gallery.url}/#/${at}`)
  }
  const { page } = shown
  await page.setViewportSize(WINDOW)
  await page.evaluate(`location.hash = '#/${at}'`)
  await page.getByText('connected').first().waitFor()
  // Both the page and the view of it that is shown are marked.
  for (const place of new Set([at.replace(/\?.*/, ''), at]))
    await expect(page.locator(`a[aria-current=page][href="#/${place}"]`)).not.toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  return page
}

/** Brings something up above a page, looks at both in both themes, and puts it away. */
const look = async (page: Page, bringUp?: () => Promise<unknown>): Promise<void> => {
  await bringUp?.()
  await expectAccessible(page)
  const above = page.locator('dialog[open], [role=menu]')
  while ((await above.count()) > 0) await page.keyboard.press('Escape')
}

/** By scene, so that each is opened once. */
const byScene = Object.entries(OVERLAYS).sort(([, [a]], [, [b]]) => (a?.scene ?? '').localeCompare(b?.scene ?? ''))

for (const [component, overlays] of byScene)
  test(`${component} has nothing that axe objects to, in both themes`, async ({ browser }) => {
    for (const { scene, at = 'cluster', role = 'dialog', open } of overlays) {
      const page = await pageOf(browser, scene, at)
      await look(page, async () => {
        await open(page)
        await expect(page.getByRole(role).first()).toBeVisible()
      })
    }
  })

const PAGES = ['cluster', 'models', 'models?view=hub', 'chat', 'connect', 'activity', 'settings']

for (const [scene, what] of [
  ['nothing', 'nothing'],
  ['three', 'some models'],
  ['statuses', 'every status'],
] as const)
  test(`no page has anything that axe objects to, with ${what}`, async ({ browser }) => {
    for (const at of PAGES) await look(await pageOf(browser, scene, at))
  })
