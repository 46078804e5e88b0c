import { contextBridge, ipcRenderer } from 'electron'
import {
  bridgeChannel,
  desktopBridge,
  type BridgeAnswer,
  type BridgeMethod,
  type DesktopApi,
} from '@core/protocols/desktop'

const ask =
  <Method extends BridgeMethod>(method: Method) =>
  async (request?: unknown): Promise<BridgeAnswer<Method>> => {
    const { request: asked, answer } = desktopBridge[method]
    const answered: unknown = await ipcRenderer.invoke(bridgeChannel(method), asked.parse(request))
    return answer.parse(answered) as BridgeAnswer<Method>
  }

/** What the page gets of the app: a few questions, no way to send anything else. */
const api: DesktopApi = {
  apiAccess: ask('apiAccess'),
  loginItem: ask('loginItem'),
  bridgedPorts: ask('bridgedPorts'),
  preferences: ask('preferences'),
  update: ask('update'),
}

contextBridge.exposeInMainWorld('muster', api)
