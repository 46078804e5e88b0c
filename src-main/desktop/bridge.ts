import { app, ipcMain, type IpcMainInvokeEvent } from 'electron'
import type { z } from 'zod'
import { bridgeChannel, desktopBridge, type BridgeMethod, type DesktopBridge } from '@core/protocols/desktop'
import { APP_ORIGIN } from './scheme'

type Handlers = {
  readonly [Method in BridgeMethod]: (
    request: z.infer<DesktopBridge[Method]['request']>,
  ) => z.infer<DesktopBridge[Method]['answer']>
}

const fromOurPage = ({ senderFrame }: IpcMainInvokeEvent): boolean =>
  senderFrame?.url.startsWith(`${APP_ORIGIN}/`) ?? false

/** Answers the window's questions; what does not come from our own page, or is no question, is refused. */
export const answerBridge = (apiUrl: string): void => {
  const handlers: Handlers = {
    apiAccess: () => ({ url: apiUrl }),
    loginItem: ({ openAtLogin }) => {
      if (openAtLogin !== undefined) app.setLoginItemSettings({ openAtLogin })
      return { openAtLogin: app.getLoginItemSettings().openAtLogin }
    },
  }
  const answer = <Method extends BridgeMethod>(method: Method): void => {
    const { request: schema } = desktopBridge[method]
    ipcMain.handle(bridgeChannel(method), (event, request: unknown) => {
      if (!fromOurPage(event)) throw new Error('Only the app’s own page may ask this')
      return handlers[method](schema.parse(request) as z.infer<DesktopBridge[Method]['request']>)
    })
  }
  answer('apiAccess')
  answer('loginItem')
}
