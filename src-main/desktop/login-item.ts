import { app } from 'electron'

/** Whether the app starts at login. */
export interface LoginItem {
  /** Only for an installed app, on a system with login items: a development build would register Electron itself. */
  readonly isAvailable: () => boolean
  readonly opens: () => boolean
  readonly set: (openAtLogin: boolean) => void
}

const isAvailable = (): boolean => app.isPackaged && process.platform !== 'linux'

export const loginItem: LoginItem = {
  isAvailable,
  opens: () => isAvailable() && app.getLoginItemSettings().openAtLogin,
  set: (openAtLogin) => {
    if (isAvailable()) app.setLoginItemSettings({ openAtLogin })
  },
}
