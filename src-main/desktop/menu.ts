import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { Translate } from '@core/texts/translator'

const isMac = process.platform === 'darwin'
/** Menu roles whose behaviour Electron provides, but with English labels. */
type MenuRole =
  | ('about' | 'services' | 'hide' | 'hideOthers' | 'unhide' | 'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'selectAll')
  | ('resetZoom' | 'zoomIn' | 'zoomOut' | 'togglefullscreen')

const separator: MenuItemConstructorOptions = { type: 'separator' }

export interface MenuOptions {
  readonly show: () => void
  readonly showSettings: () => void
  readonly quit: () => void
  readonly text: Translate
}

/** Sets the application's menu. */
export const setMenu = ({ show, showSettings, quit, text }: MenuOptions): void => {
  const role = (name: MenuRole): MenuItemConstructorOptions => ({ role: name, label: text(`desktop.menu.${name}`) })
  const onlyOnMac: MenuItemConstructorOptions[] = isMac
    ? [role('services'), separator, role('hide'), role('hideOthers'), role('unhide'), separator]
    : []
  const onlyInstalled: MenuItemConstructorOptions[] = app.isPackaged
    ? [{ label: text('desktop.menu.commandLine'), click: showSettings }, separator]
    : []
  // Reload and developer tools are for developers only.
  const onlyInDevelopment: MenuItemConstructorOptions[] = app.isPackaged
    ? []
    : [separator, { role: 'reload' }, { role: 'toggleDevTools' }]
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: 'Muster',
        submenu: [
          role('about'),
          separator,
          ...onlyInstalled,
          ...onlyOnMac,
          { label: text('desktop.open'), click: show },
          { label: text('desktop.quit'), accelerator: 'CommandOrControl+Q', click: quit },
        ],
      },
      {
        label: text('desktop.menu.edit'),
        submenu: [
          ...[role('undo'), role('redo'), separator],
          ...[role('cut'), role('copy'), role('paste'), role('selectAll')],
        ],
      },
      {
        label: text('desktop.menu.view'),
        submenu: [
          ...[role('resetZoom'), role('zoomIn'), role('zoomOut')],
          separator,
          role('togglefullscreen'),
          ...onlyInDevelopment,
        ],
      },
      { role: 'windowMenu', label: text('desktop.menu.window') },
    ]),
  )
}
