/**
 * `node build/icons/render.mjs`: draws the app's icon from the mark. The results are kept in the
 * repository; run it again only when the mark changes.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chromium } from 'playwright'
import { systemBrowser } from '../test-runtime/browser.mjs'

const folder = import.meta.dirname

/** Linux desktops take each size as it is; macOS and Windows icons are made from the largest. */
const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024]

const drawing = await readFile(path.join(folder, 'mark.svg'), 'utf8')
const executablePath = await systemBrowser()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
try {
  for (const size of SIZES) {
    const page = await browser.newPage({ viewport: { width: size, height: size } })
    await page.setContent(
      `<style>body { margin: 0 } svg { display: block; width: 100vw; height: 100vh }</style>${drawing}`,
    )
    const file = size === 1024 ? path.join(folder, 'icon.png') : path.join(folder, 'linux', `${size}x${size}.png`)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, await page.screenshot({ omitBackground: true }))
    await page.close()
  }
} finally {
  await browser.close()
}
