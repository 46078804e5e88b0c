/**
 * Takes pictures of every page: `npx tsx tests/gallery/shoot.ts FOLDER [SCENE…]`.
 * `MUSTER_APP` names the folder of the built app, `MUSTER_TEST_BROWSER` the browser.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, type Page } from 'playwright'
import { systemBrowser } from '../../build/test-runtime/browser.mjs'
import { scenes, type SceneName } from './scenes'
import { serveScene } from './server'

const [folder = 'gallery', ...only] = process.argv.slice(2)
const app = resolve(process.env['MUSTER_APP'] ?? 'out/renderer')
const executablePath = process.env['MUSTER_TEST_BROWSER'] ?? (await systemBrowser())
const widths = (process.env['MUSTER_WIDTHS'] ?? '720,1100,1600').split(',').map(Number)
const themes = (process.env['MUSTER_THEMES'] ?? 'light,dark').split(',') as ('light' | 'dark')[]
const pages = (process.env['MUSTER_PAGES'] ?? 'cluster,models,chat,connect,activity,settings,launch,choose').split(',')

const open = async (page: Page, url: string, place: string): Promise<void> => {
  const launching = place === 'launch' || place === 'choose'
  await page.goto(`${url}/#/${launching ? 'cluster' : place}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.getByText('connected').first().waitFor()
  const button = page.getByRole('button', { name: 'Launch a model…' }).first()
  if (launching && (await button.isEnabled())) {
    await button.click()
    // A model that fits somewhere, with all options.
    if (place === 'choose') {
      const models = page.getByRole('combobox', { name: 'Model' })
      await models.selectOption({ index: (await models.getByRole('option').count()) - 1 })
      await page.getByText('More', { exact: true }).click()
    }
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
      const page = await browser.newPage({ viewport: { width, height: Math.round(width * 0.65) }, colorScheme })
      page.on('pageerror', (error) => console.error(`${name}: ${error.message}`))
      page.on('console', (message) => message.type() === 'error' && console.error(`${name}: ${message.text()}`))
      for (const place of scene.opens ? ['cluster'] : pages) {
        await open(page, gallery.url, place)
        for (const button of scene.opens ?? [])
          await page.getByRole('button', { name: button, exact: true }).first().click()
        await page.screenshot({ path: join(folder, `${name}-${place}-${width}-${colorScheme}.png`) })
      }
      await page.close()
    }
  }
  await gallery.close()
}
await browser.close()
