import { ipcMain, type IpcMainInvokeEvent } from 'electron'
import {
  bridgeChannel,
  desktopBridge,
  type BridgeAnswer,
  type BridgeMethod,
  type BridgeRequest,
} from '@core/protocols/desktop'
import type { RunningNode } from '../node/index'
import type { CommandLineTool } from './command-line-tool'
import type { LoginItem } from './login-item'
import { isOfPage } from './page'
import type { Preferences } from './preferences'
import type { Updates } from './updates'

type Handlers = {
  readonly [Method in BridgeMethod]: (
    request: BridgeRequest<Method>,
  ) => BridgeAnswer<Method> | Promise<BridgeAnswer<Method>>
}

export interface BridgeOptions extends Pick<RunningNode, 'bridgedPorts' | 'addModelFolder'> {
  readonly apiUrl: string
  readonly loginItem: LoginItem
  readonly preferences: Preferences
  readonly updates: Pick<Updates, 'status' | 'check' | 'install'>
  readonly commandLineTool: Pick<CommandLineTool, 'status' | 'install' | 'remove'>
}

const isFromPage = ({ senderFrame }: IpcMainInvokeEvent): boolean =>
  senderFrame !== null && senderFrame.parent === null && isOfPage(senderFrame.url)

/** Handles IPC requests of the window; refuses other senders and unknown requests. Returns a disposer. */
export const answerBridge = (options: BridgeOptions): (() => void) => {
  const { addModelFolder, apiUrl, bridgedPorts, commandLineTool, loginItem, preferences, updates } = options
  const handlers: Handlers = {
    apiAccess: () => ({ url: apiUrl }),
    loginItem: ({ openAtLogin }) => {
      if (openAtLogin !== undefined) loginItem.set(openAtLogin)
      return { openAtLogin: loginItem.opens(), available: loginItem.isAvailable() }
    },
    bridgedPorts: (request) => bridgedPorts.answer(request),
    preferences: (changes) => ({
      preferences: Object.keys(changes).length > 0 ? preferences.change(changes) : preferences.current(),
      hasDock: process.platform === 'darwin',
    }),
    update: async ({ action }) => {
      if (action === 'check') await updates.check()
      if (action === 'install') updates.install()
      return updates.status()
    },
    commandLineTool: ({ action }) => {
      switch (action) {
        case 'show':
          return commandLineTool.status()
        case 'install':
          return commandLineTool.install()
        case 'remove':
          return commandLineTool.remove()
      }
    },
    addFolder: ({ path }) => addModelFolder(path),
  }
  const answer = <Method extends BridgeMethod>(method: Method): (() => void) => {
    const channel = bridgeChannel(method)
    ipcMain.handle(channel, (event, request: unknown) => {
      if (!isFromPage(event)) throw new Error('Only the app’s own page may ask this')
      return handlers[method](desktopBridge[method].request.parse(request) as BridgeRequest<Method>)
    })
    return () => ipcMain.removeHandler(channel)
  }
  const methods = Object.keys(desktopBridge) as readonly BridgeMethod[]
  const closers = methods.map((method) => answer(method))
  return () => closers.forEach((close) => close())
}
