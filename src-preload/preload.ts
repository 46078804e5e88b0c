import { contextBridge, ipcRenderer } from 'electron'
import { bridgeChannel, type BridgeMethod, type DesktopApi } from '@core/protocols/desktop'

const ask =
  (method: BridgeMethod) =>
  (request?: unknown): Promise<never> =>
    ipcRenderer.invoke(bridgeChannel(method), request) as Promise<never>

/** What the page gets of the app: two questions, no way to send anything else. */
const api: DesktopApi = { apiAccess: ask('apiAccess'), loginItem: ask('loginItem') }

contextBridge.exposeInMainWorld('muster', api)
