import { app, ipcMain, type IpcMainInvokeEvent } from 'electron'
import {
  bridgeChannel,
  desktopBridge,
  type BridgeAnswer,
  type BridgeMethod,
  type BridgeRequest,
} from '@core/protocols/desktop'
import type { RunningNode } from '../node'
import { isOfPage } from './page'

type Handlers = {
  readonly [Method in BridgeMethod]: (
    request: BridgeRequest<Method>,
  ) => BridgeAnswer<Method> | Promise<BridgeAnswer<Method>>
}

export interface BridgeOptions extends Pick<RunningNode, 'bridgedPorts'> {
  readonly apiUrl: string
}

/** On Linux there is no such thing, and a development build would register bare Electron. */
const hasLoginItem = (): boolean => app.isPackaged && process.platform !== 'linux'

const isFromPage = ({ senderFrame }: IpcMainInvokeEvent): boolean =>
  senderFrame !== null && senderFrame.parent === null && isOfPage(senderFrame.url)

/**
 * Answers the window's questions; what does not come from our own page, or is no question, is refused.
 * Returns the way to stop.
 */
export const answerBridge = ({ apiUrl, bridgedPorts }: BridgeOptions): (() => void) => {
  const handlers: Handlers = {
    apiAccess: () => ({ url: apiUrl }),
    loginItem: ({ openAtLogin }) => {
      const available = hasLoginItem()
      if (openAtLogin !== undefined && available) app.setLoginItemSettings({ openAtLogin })
      return { openAtLogin: available && app.getLoginItemSettings().openAtLogin, available }
    },
    bridgedPorts: (request) => bridgedPorts.answer(request),
  }
  const answer = <Method extends BridgeMethod>(method: Method): (() => void) => {
    const channel = bridgeChannel(method)
    ipcMain.handle(channel, (event, request: unknown) => {
      if (!isFromPage(event)) throw new Error('Only the app’s own page may ask this')
      return handlers[method](desktopBridge[method].request.parse(request) as BridgeRequest<Method>)
    })
    return () => ipcMain.removeHandler(channel)
  }
  const closers = [answer('apiAccess'), answer('loginItem'), answer('bridgedPorts')]
  return () => closers.forEach((close) => close())
}
