import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, screen, shell, type Rectangle, type WebContents } from 'electron'
import { z } from 'zod'
import { APP_ORIGIN } from './scheme'

const MINIMUM = { width: 720, height: 480 }
const FIRST = { width: 1180, height: 780 }

const Bounds = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(MINIMUM.width),
  height: z.number().int().min(MINIMUM.height),
})

const boundsFile = (): string => join(app.getPath('userData'), 'window.json')

/** Where the window was last, if that is still on a screen. */
const lastBounds = (): Partial<Rectangle> => {
  try {
    const bounds = Bounds.parse(JSON.parse(readFileSync(boundsFile(), 'utf8')))
    const visible = screen.getAllDisplays().some(({ workArea }) => {
      const across = Math.min(bounds.x + bounds.width, workArea.x + workArea.width) - Math.max(bounds.x, workArea.x)
      const down = Math.min(bounds.y + bounds.height, workArea.y + workArea.height) - Math.max(bounds.y, workArea.y)
      return across > 100 && down > 50
    })
    return visible ? bounds : FIRST
  } catch {
    return FIRST
  }
}

const isHttps = (url: string): boolean => {
  try {
    return new URL(url).protocol === 'https:'
  } catch {
    return false
  }
}

/** The page stays the page: it neither goes elsewhere nor opens windows; links to the web go to the browser. */
const confine = (contents: WebContents): void => {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isHttps(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
  contents.session.setPermissionRequestHandler((asking, permission, answer) => {
    answer(permission === 'clipboard-sanitized-write' && asking.getURL().startsWith(`${APP_ORIGIN}/`))
  })
}

/** Opens the app's window; its page has no more rights than a web page, and the bridge. */
export const openWindow = (preload: string): BrowserWindow => {
  const window = new BrowserWindow({
    ...lastBounds(),
    minWidth: MINIMUM.width,
    minHeight: MINIMUM.height,
    show: false,
    title: 'Muster',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  })
  confine(window.webContents)
  window.once('ready-to-show', () => window.show())
  window.on('close', () => {
    try {
      writeFileSync(boundsFile(), JSON.stringify(window.getNormalBounds()))
    } catch {
      // The next window opens where the first one did.
    }
  })
  void window.loadURL(`${APP_ORIGIN}/`)
  return window
}
