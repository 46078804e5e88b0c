import { app, dialog, shell, type Session, type WebContents } from 'electron'
import type { Translator } from '@core/texts/translator'
import { judgeLink } from './links'
import { isOfPage, isReload } from './page'

/** All that the page may do beyond showing itself: put text on the clipboard. */
const ALLOWED = 'clipboard-sanitized-write'

export interface ConfineOptions {
  readonly apiUrl: string
  readonly translator: () => Translator
}

/** Opens links in the browser. A page can ask without a click, so a link to the web needs the person's word. */
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
    const link = judgeLink(address, { apiUrl })
    // A page that asks again and again is heard once.
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
    // No browser, or none that wants it: the person sees that nothing opened.
    void open(url).catch(() => undefined)
    return { action: 'deny' }
  })
}

/**
 * The page stays the page: it goes nowhere, opens no windows and gets none of a browser's permissions.
 * Returns the way to stop confining pages that come later.
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
