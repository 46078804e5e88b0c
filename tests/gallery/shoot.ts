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
import { isAlone, openPlace } from './open-place'
import { scenes, type SceneName } from './scenes'
import { serveScene } from './server'
import { heightFor } from './views'
import { warningPlaces } from './warning-places'

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
          viewport: { width, height: heightFor(width) },
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
        if (place in warningPlaces && name !== 'cabled') continue
        const alone = isAlone(place)
        const own = alone ? await fresh() : page
        await openPlace(own, scene, { url: gallery.url, place, text })
        await own.screenshot({ path: join(folder, `${name}-${place}-${width}-${colorScheme}.png`) })
        if (alone) await own.close()
      }
      await page.close()
    }
  }
  await gallery.close()
}
await browser.close()
