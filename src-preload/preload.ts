import { contextBridge, ipcRenderer } from 'electron'
import {
  bridgeChannel,
  desktopBridge,
  type BridgeAnswer,
  type BridgeMethod,
  type DesktopApi,
} from '@core/protocols/desktop'
import { followDrops, type DropTarget } from './dropped-path'

const ask =
  <Method extends BridgeMethod>(method: Method) =>
  async (request?: unknown): Promise<BridgeAnswer<Method>> => {
    const { request: asked, answer } = desktopBridge[method]
    const answered: unknown = await ipcRenderer.invoke(bridgeChannel(method), asked.parse(request))
    return answer.parse(answered) as BridgeAnswer<Method>
  }

const takeDropped = followDrops(globalThis as unknown as DropTarget)
const addFolder = ask('addFolder')

/** What the page gets of the app: a few questions, no way to send anything else. */
const api: DesktopApi = {
  apiAccess: ask('apiAccess'),
  loginItem: ask('loginItem'),
  bridgedPorts: ask('bridgedPorts'),
  preferences: ask('preferences'),
  update: ask('update'),
  commandLineTool: ask('commandLineTool'),
  addDroppedFolder: async () => {
    const path = takeDropped()
    return path === undefined ? { status: 'none' } : addFolder({ path })
  },
}

contextBridge.exposeInMainWorld('muster', api)
