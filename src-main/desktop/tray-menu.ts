import type { MenuItemConstructorOptions } from 'electron'
import type { TrayAction, TrayEntry } from './tray-entry'

/** Converts entries to Electron's menu template. */
export const menuTemplate = (
  entries: readonly TrayEntry[],
  perform: (action: TrayAction) => void,
): MenuItemConstructorOptions[] =>
  entries.map((entry): MenuItemConstructorOptions => {
    switch (entry.kind) {
      case 'separator':
        return { type: 'separator' }
      case 'text':
        return { label: entry.label, enabled: false }
      case 'item': {
        const { label, action, checked } = entry
        const click = (): void => perform(action)
        return checked === undefined ? { label, click } : { label, click, type: 'checkbox', checked }
      }
      case 'submenu':
        return { label: entry.label, submenu: menuTemplate(entry.entries, perform) }
    }
  })
