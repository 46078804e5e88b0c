import { app } from 'electron'

/** Whether the app starts at login. */
export interface LoginItem {
  /** By an installed app, on a system that has such a thing: a development build would register bare Electron. */
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
