import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { z } from 'zod'
import { root } from '../harness/paths'

/** What draws the pages: pictures of two renderers differ, whatever the app does. */
const Renderer = z.object({
  platform: z.string(),
  /** The browser's major version. */
  browser: z.string(),
  /** SHA-256 of the probe as it is drawn here: fonts, their smoothing, and the system's form controls. */
  probe: z.string(),
})
type Renderer = z.infer<typeof Renderer>

const FILE = join(root, 'tests', 'gallery', 'snapshots', 'renderer.json')

const SIZES = [11, 12, 13, 15, 22]
const TEXT = 'Handgloves 0123456789 · … “→” ½ ü ⌘'
const lines = ['var(--font)', 'var(--mono)'].flatMap((family) =>
  SIZES.flatMap((size) =>
    [400, 550, 600, 650].map((weight) => `<p style="font: ${weight} ${size}px ${family}">${TEXT}</p>`),
  ),
)
const PROBE = `<!doctype html><style>
  ${readFileSync(join(root, 'src-renderer', 'tokens.css'), 'utf8')}
  p { margin: 0 }
  div { width: 90px; height: 30px; margin: 9px; border: 1px solid; border-radius: 8px; box-shadow: var(--shadow) }
</style>${lines.join('')}
<input type="checkbox" checked><input type="radio"><input value="text"><input type="number" value="1">
<select><option>one</option></select><textarea>text</textarea><button>Button</button><progress value="0.3"></progress>
<div></div><svg width="90" height="30"><path d="M3 27 C 30 -20 60 50 87 3" fill="none" stroke="teal" stroke-width="2"/></svg>`

export const rendererHere = async (browser: Browser): Promise<Renderer> => {
  const page = await browser.newPage({ viewport: { width: 800, height: 900 }, deviceScaleFactor: 1 })
  try {
    await page.setContent(PROBE)
    const drawn = await page.screenshot()
    const probe = createHash('sha256').update(drawn).digest('hex')
    return { platform: process.platform, browser: browser.version().split('.')[0] ?? '', probe }
  } finally {
    await page.close()
  }
}

export const rememberRenderer = (renderer: Renderer): void =>
  writeFileSync(FILE, `${JSON.stringify(renderer, null, 2)}\n`)

/** @returns why pictures that are taken here cannot be compared with those in `snapshots`, or nothing. */
export const differsFromPictures = (here: Renderer): string | undefined => {
  const there = Renderer.parse(JSON.parse(readFileSync(FILE, 'utf8')))
  const say = ({ platform, browser }: Renderer): string => `Chromium ${browser} on ${platform}`
  if (there.platform !== here.platform || there.browser !== here.browser)
    return `they were taken by ${say(there)}, this is ${say(here)}`
  return there.probe === here.probe ? undefined : 'this system has other fonts, or draws text or controls otherwise'
}
