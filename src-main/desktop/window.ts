import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, dialog, screen } from 'electron'
import type { Translate, Translator } from '@core/texts/translator'
import { PAGE_URL } from './page'
import { MINIMUM_SIZE, placeWindow, type WindowPlace } from './window-place'

const placeFile = (): string => join(app.getPath('userData'), 'window.json')

const keptPlace = (): unknown => {
  try {
    return JSON.parse(readFileSync(placeFile(), 'utf8'))
  } catch {
    return undefined
  }
}

const keepPlace = (window: BrowserWindow): void => {
  const place: WindowPlace = { ...window.getNormalBounds(), maximized: window.isMaximized() }
  try {
    writeFileSync(placeFile(), JSON.stringify(place))
  } catch {
    // Not saved: the next window opens at the default place.
  }
}

export interface WindowOptions {
  /** Path of the script that runs before the page. */
  readonly preload: string
  readonly translator: () => Translator
}

/** Offers to reload a page that crashed. The node and its models run in another process and are not affected. */
const offerReload = async (window: BrowserWindow, reason: string, text: Translate): Promise<void> => {
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: text('desktop.pageEnded'),
    detail: text('desktop.pageEndedAbout', { reason }),
    buttons: [text('desktop.loadAgain'), text('desktop.closeWindow')],
    defaultId: 0,
    cancelId: 1,
  })
  if (window.isDestroyed()) return
  if (response === 0) window.reload()
  else window.close()
}

const create = ({ preload, translator }: WindowOptions, hash: string): BrowserWindow => {
  const { primary, all } = { primary: screen.getPrimaryDisplay(), all: screen.getAllDisplays() }
  const others = all.filter(({ id }) => id !== primary.id).map(({ workArea }) => workArea)
  const { maximized, ...bounds } = placeWindow(keptPlace(), [primary.workArea, ...others])
  const window = new BrowserWindow({
    ...bounds,
    minWidth: MINIMUM_SIZE.width,
    minHeight: MINIMUM_SIZE.height,
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
  window.once('ready-to-show', () => {
    if (maximized) window.maximize()
    window.show()
  })
  window.on('close', () => keepPlace(window))
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') void offerReload(window, reason, translator().text)
  })
  void window.loadURL(`${PAGE_URL}${hash}`)
  return window
}

/** The app's only window, while it is open. Its page has the rights of a web page, and the bridge. */
export class MainWindow {
  private window: BrowserWindow | undefined

  constructor(private readonly options: WindowOptions) {}

  /** Whether the user is probably looking at the window. */
  get isWatched(): boolean {
    return this.isShown && (this.open?.isFocused() ?? false)
  }

  get isShown(): boolean {
    const window = this.open
    return window !== undefined && window.isVisible() && !window.isMinimized()
  }

  /**
   * Brings the window to the front, or opens it again at its last place; at a link of the page, such as `#/settings`,
   * if given.
   */
  show(hash?: string): void {
    const { open } = this
    if (!open) {
      const created = create(this.options, hash ?? '')
      created.once('close', () => {
        if (this.window === created) this.window = undefined
      })
      this.window = created
      return
    }
    // Loading the same page with another hash does not reload it.
    if (hash !== undefined) void open.loadURL(`${PAGE_URL}${hash}`)
    if (open.isMinimized()) open.restore()
    open.show()
    open.focus()
  }

  /** Destroys the window; its place is kept for the next start. */
  close(): void {
    const { open } = this
    if (!open) return
    keepPlace(open)
    open.destroy()
  }

  /** The window, unless it is closing: its page is destroyed shortly before the window. */
  private get open(): BrowserWindow | undefined {
    const { window } = this
    if (window === undefined || window.isDestroyed()) return undefined
    // Electron's types do not say that a closing window has no page.
    const page: Electron.WebContents | undefined = window.webContents
    return page === undefined || page.isDestroyed() ? undefined : window
  }
}
