/**
 * `node build/icons/render.mjs`: renders the app's icon from the mark, and the background of its disk image. The
 * results are committed; run it again only after changing a drawing.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { chromium } from 'playwright'
import { systemBrowser } from '../test-runtime/browser.mjs'

const folder = import.meta.dirname

/** Linux desktops use each size as it is; macOS and Windows icons are made from the largest. */
const SIZES = [16, 32, 48, 64, 128, 256, 512, 1024]

const disk = path.join(folder, '..', 'package', 'mac')
const DISK_SIZE = { width: 540, height: 380 }

const drawing = await readFile(path.join(folder, 'mark.svg'), 'utf8')
const diskDrawing = await readFile(path.join(disk, 'dmg-background.svg'), 'utf8')
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
  for (const [scale, suffix] of /** @type {const} */ ([
    [1, ''],
    [2, '@2x'],
  ])) {
    const page = await browser.newPage({ viewport: DISK_SIZE, deviceScaleFactor: scale })
    await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${diskDrawing}`)
    await writeFile(path.join(disk, `dmg-background${suffix}.png`), await page.screenshot())
    await page.close()
  }
} finally {
  await browser.close()
}
