import { join } from 'node:path'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { loadTranslator } from '@core/texts/translator'
import { openPlace } from '../gallery/open-place'
import { differsFromPictures, rememberRenderer, rendererHere } from '../gallery/renderer'
import { scenes } from '../gallery/scenes'
import { serveScene } from '../gallery/server'
import { nameOf, VIEWS, type View } from '../gallery/views'
import { cutOff, overlapping } from '../harness/cut-off'
import { root } from '../harness/paths'
import { PATIENCE_MS } from '../harness/patience'

/** The time in every picture. */
const NOW = Date.UTC(2026, 4, 12, 9, 41)
/** What every picture shows as the node's address, whatever port it is served at. */
const ADDRESS = 'http://127.0.0.1:52415'
/** Of every window in CSS pixels: a picture shows what lies further down, too. */
const HEIGHT = 900
const STILL_MS = 1000

/** Why pictures are not compared here. */
let otherRenderer: string | undefined
let isUpdating: boolean

test.beforeAll(async ({ browser }) => {
  isUpdating = ['all', 'changed'].includes(test.info().config.updateSnapshots)
  const here = await rendererHere(browser)
  if (isUpdating) rememberRenderer(here)
  otherRenderer = differsFromPictures(here)
  if (otherRenderer !== undefined) console.log(`The gallery’s pictures are not compared: ${otherRenderer}.`)
})

const open = async (browser: Browser, { scene: name, place, width, theme }: View) => {
  const scene = scenes[name]().moveTo(NOW)
  const gallery = await serveScene(scene, { app: join(root, 'out', 'renderer'), now: () => NOW })
  const page = await browser.newPage({
    viewport: { width, height: HEIGHT },
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'UTC',
    proxy: { server: gallery.url },
  })
  const close = async () => {
    await page.close()
    await gallery.close()
  }
  await page.clock.setFixedTime(NOW)
  const { text } = await loadTranslator('en')
  await openPlace(page, scene, { url: ADDRESS, place, text })
  return { page, close }
}

/** Waits until nothing has changed on the page for a second. Only where there is no picture that tells what must come. */
const stillness = (page: Page): Promise<void> =>
  page.evaluate<void>(`new Promise((resolve) => {
    let timer = setTimeout(resolve, ${STILL_MS})
    new MutationObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(resolve, ${STILL_MS})
    }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  })`)

for (const view of VIEWS) {
  const { scene, place, width, theme } = view
  test(`${place} of the scene ${scene}, ${width} px wide and ${theme}, cuts nothing off and looks as in its picture`, async ({
    browser,
  }) => {
    const { page, close } = await open(browser, view)
    try {
      if (isUpdating || otherRenderer !== undefined) await stillness(page)
      if (otherRenderer === undefined)
        await expect(async () => {
          await expect(page).toHaveScreenshot(`${nameOf(view)}.png`, { maxDiffPixels: 50 })
        }).toPass({ timeout: PATIENCE_MS })
      expect(await cutOff(page)).toEqual([])
      expect(await overlapping(page)).toEqual([])
    } finally {
      await close()
    }
    test.skip(otherRenderer !== undefined, `Nothing is cut off; the picture is not compared: ${otherRenderer}`)
  })
}
