import { app, dialog, shell, type Session, type WebContents } from 'electron'
import type { Translator } from '@core/texts/translator'
import { judgeLink } from './links'
import { isOfPage, isReload } from './page'

/** The only permission the page gets: writing text to the clipboard. */
const ALLOWED = 'clipboard-sanitized-write'

export interface ConfineOptions {
  readonly apiUrl: Promise<string>
  readonly translator: () => Translator
}

/** Opens links in the browser. A page can do this without a click, so links to the web need the user's consent. */
const linkOpener = ({ apiUrl, translator }: ConfineOptions): ((address: string) => Promise<void>) => {
  let asking = false
  const agreed = async (host: string, url: string): Promise<boolean> => {
    asking = true
    const { text } = translator()
    try {
      const { response } = await dialog.showMessageBox({
        type: 'question',
        message: text('desktop.openLink', { host }),
        detail: url,
        buttons: [text('desktop.openIt'), text('app.cancel')],
        defaultId: 1,
        cancelId: 1,
      })
      return response === 0
    } finally {
      asking = false
    }
  }
  return async (address) => {
    const link = judgeLink(address, { apiUrl: await apiUrl })
    // One question at a time, however often a page asks.
    if (link === undefined || asking) return
    if (link.to === 'own-node' || (await agreed(link.host, link.url))) await shell.openExternal(link.url)
  }
}

const confinePage = (contents: WebContents, open: (address: string) => Promise<void>): void => {
  contents.on('will-navigate', (event, url) => {
    if (!isReload(url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    // No browser accepts the link: the user sees that nothing opened.
    void open(url).catch(() => undefined)
    return { action: 'deny' }
  })
}

/**
 * Restricts pages: no navigation away, no new windows, no browser permissions except `ALLOWED`. Returns the function
 * that stops restricting pages created later.
 */
export const confine = (session: Session, options: ConfineOptions): (() => void) => {
  session.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === ALLOWED && isOfPage(contents.getURL())),
  )
  session.setPermissionCheckHandler((_contents, permission, origin) => permission === ALLOWED && isOfPage(origin))
  session.setDevicePermissionHandler(() => false)
  const open = linkOpener(options)
  const onCreated = (_event: unknown, contents: WebContents): void => confinePage(contents, open)
  app.on('web-contents-created', onCreated)
  return () => void app.off('web-contents-created', onCreated)
}
