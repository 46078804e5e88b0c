import { expect, test, type Page } from '@playwright/test'
import { expectAccessible } from '../harness/accessible'
import { Language } from '@core/texts/language'
import { cutOff } from '../harness/cut-off'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel } from '../harness/models'

const PAGES = ['cluster', 'models', 'chat', 'connect', 'activity', 'settings'] as const

let folder: { path: string; dispose(): void }
let node: HeadlessNode

test.beforeAll(async () => {
  folder = temporaryFolder()
  addTinyModel(folder.path)
  node = await startHeadless({ dataDir: folder.path, args: ['--name', 'MacBook Pro von Alexandra'] })
})
test.afterAll(async () => {
  await node.stop()
  folder.dispose()
})

const open = async (page: Page, name: (typeof PAGES)[number]): Promise<void> => {
  await page.goto(`${node.url}/#/${name}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

test('with increased contrast all text stands out by 7 : 1, in both themes', async ({ page }) => {
  await page.emulateMedia({ contrast: 'more' })
  for (const name of PAGES) {
    await open(page, name)
    await expectAccessible(page, { rules: ['color-contrast-enhanced'] })
  }
})

test('with the system’s colours the page that is shown, and what is chosen, stand out', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  await open(page, 'cluster')
  const coloursOf = (selector: string): Promise<readonly string[]> =>
    page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one).color)`,
    )
  /** Whether the first of them, which is the one that is shown or chosen, has a colour of its own. */
  const standsOut = async (selector: string): Promise<boolean> => {
    const [first, second] = await coloursOf(selector)
    return first !== undefined && second !== undefined && first !== second
  }
  await expect.poll(() => standsOut('nav a')).toBe(true)
  await page.keyboard.press('Control+k')
  await expect.poll(() => standsOut('[role=option]')).toBe(true)
})

/** Everything that moves or fades by itself on the page, or would. */
const MOVING = `(() => {
  const lasts = (durations) => durations.split(',').some((one) => Number.parseFloat(one) > 0)
  return [...document.querySelectorAll('*')].flatMap((element) => {
    const { transitionDuration, animationName } = getComputedStyle(element)
    return lasts(transitionDuration) || animationName !== 'none' ? [element.outerHTML.slice(0, 120)] : []
  })
})()`
const moving = (page: Page): Promise<readonly string[]> => page.evaluate<readonly string[]>(MOVING)

test('with reduced motion nothing moves or fades', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  await open(page, 'cluster')
  expect(await moving(page)).not.toEqual([])
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const name of PAGES) {
    await open(page, name)
    expect(await moving(page), name).toEqual([])
  }
})

for (const language of Language.options) {
  test.describe(`in ${language}`, () => {
    test.use({ locale: language, viewport: { width: 720, height: 640 } })

    test('at twice the text size nothing that is read or pressed is cut off, in the narrowest window', async ({
      page,
    }) => {
      await page.addInitScript(
        `addEventListener('DOMContentLoaded', () => (document.documentElement.style.fontSize = '200%'))`,
      )
      for (const name of PAGES) {
        await open(page, name)
        await expect(page.locator('html')).toHaveAttribute('lang', language)
        expect(await cutOff(page), name).toEqual([])
      }
    })
  })
}

test('on a phone the tabs are one row, and that of the shown view lies wholly in it', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${node.url}/#/activity?view=support`)
  const tabs = page.getByRole('navigation', { name: 'Activity' }).getByRole('link')
  await expect(tabs).toHaveCount(6)
  const tops = await tabs.evaluateAll((links) => links.map((link) => link.getBoundingClientRect().top))
  expect(new Set(tops).size).toBe(1)
  await expect(page.getByRole('link', { name: 'Support' })).toBeInViewport({ ratio: 0.99 })
  await page.getByRole('link', { name: 'Requests' }).click()
  await expect(page.getByRole('link', { name: 'Requests' })).toBeInViewport({ ratio: 0.99 })
})
