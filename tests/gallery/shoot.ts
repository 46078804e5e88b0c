/**
 * Takes pictures of every page: `npx tsx tests/gallery/shoot.ts FOLDER [SCENE…]`.
 * `MUSTER_APP` names the folder of the built app, `MUSTER_TEST_BROWSER` the browser, `MUSTER_LANGUAGE` the language.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, type Page } from 'playwright'
import { Language } from '@core/texts/language'
import { loadTranslator } from '@core/texts/translator'
import { systemBrowser } from '../../build/test-runtime/browser.mjs'
import { scenes, type SceneName } from './scenes'
import { serveScene } from './server'
import { FAKE_DESKTOP, showAllWarnings, warningPlaces } from './warning-places'

const [folder = 'gallery', ...only] = process.argv.slice(2)
const app = resolve(process.env['MUSTER_APP'] ?? 'out/renderer')
const executablePath = process.env['MUSTER_TEST_BROWSER'] ?? (await systemBrowser())
const widths = (process.env['MUSTER_WIDTHS'] ?? '720,1100,1600').split(',').map(Number)
/** Of the text: 2 is 200 %. */
const zoom = Number(process.env['MUSTER_ZOOM'] ?? '1')
/** What is to be pressed is found by what it is called. */
const { language, text } = await loadTranslator(Language.catch('en').parse(process.env['MUSTER_LANGUAGE']))
const themes = (process.env['MUSTER_THEMES'] ?? 'light,dark').split(',') as ('light' | 'dark')[]
const pages = (
  process.env['MUSTER_PAGES'] ??
  'cluster,models,hub,chat,connect,activity,settings,launch,choose,options,fix,cable,machine,bridge,undo,dismissed'
).split(',')

const launchPlaces: readonly string[] = ['launch', 'choose', 'options']

const open = async (page: Page, url: string, place: string): Promise<void> => {
  const launching = launchPlaces.includes(place)
  const warned = warningPlaces[place]
  const shown = launching || warned || place === 'setup' ? 'cluster' : place === 'hub' ? 'models?view=hub' : place
  await page.goto(`${url}/#/${shown}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  // The setup has the window for itself.
  if (place !== 'setup') await page.locator('footer .health.ready, footer .health.retrying').waitFor()
  if (warned) {
    await showAllWarnings(page, text)
    await warned(page, text)
  }
  if (place === 'hub') {
    const search = page.getByRole('searchbox')
    await search.fill('qwen')
    await search.press('Enter')
    await page
      .getByRole('list', { name: text('models.modelsOn', { hub: '' }).trim() })
      .or(page.locator('p.quiet[role=status]'))
      .first()
      .waitFor()
    await page.getByRole('heading', { name: text('models.fromHub') }).evaluate((heading) => heading.scrollIntoView())
  }
  const button = page.getByRole('button', { name: text('app.launchForm') }).first()
  if (launching && (await button.isEnabled())) {
    await button.click()
    // A model that fits somewhere, with all options.
    if (place !== 'launch') {
      const models = page.getByRole('combobox', { name: text('launch.model') })
      await models.selectOption({ index: (await models.getByRole('option').count()) - 1 })
      await page.getByText(text('launch.more'), { exact: true }).click()
    }
    if (place === 'options') await page.getByRole('spinbutton').last().scrollIntoViewIfNeeded()
  }
  await page.evaluate('document.fonts.ready')
}

mkdirSync(folder, { recursive: true })
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
const names = Object.keys(scenes) as SceneName[]
for (const name of names.filter((one) => only.length === 0 || only.includes(one))) {
  const scene = scenes[name]()
  const gallery = await serveScene(scene, { app })
  for (const width of widths) {
    for (const colorScheme of themes) {
      const fresh = async (): Promise<Page> => {
        const page = await browser.newPage({
          viewport: { width, height: width < 500 ? 844 : Math.round(width * 0.65) },
          colorScheme,
          locale: language,
        })
        // As the browser's own setting: breakpoints in rem follow it, and not the root's style.
        if (zoom !== 1) {
          const devtools = await page.context().newCDPSession(page)
          await devtools.send('Page.setFontSizes', { fontSizes: { standard: 16 * zoom, fixed: 13 * zoom } })
        }
        page.on('pageerror', (error) => console.error(`${name}: ${error.message}`))
        page.on(
          'console',
          (message) =>
            message.type() === 'error' && console.error(`${name}: ${message.text()} ${message.location().url}`),
        )
        return page
      }
      const page = await fresh()
      for (const place of scene.setup ? ['setup'] : scene.opens ? ['cluster'] : pages) {
        const warned = place in warningPlaces
        if (warned && name !== 'cabled') continue
        // What was opened or dismissed, and the desktop app, are not there for the next one.
        const alone = warned || launchPlaces.includes(place)
        const own = alone ? await fresh() : page
        if (place === 'bridge' || place === 'undo') await own.addInitScript(FAKE_DESKTOP)
        await open(own, gallery.url, place)
        for (const button of scene.opens ?? [])
          await own
            .getByRole('button', { name: button, exact: true })
            .or(own.getByRole('menuitem', { name: button, exact: true }))
            .first()
            .click()
        await own.screenshot({ path: join(folder, `${name}-${place}-${width}-${colorScheme}.png`) })
        if (alone) await own.close()
      }
      await page.close()
    }
  }
  await gallery.close()
}
await browser.close()
