import { app, Menu, type MenuItemConstructorOptions } from 'electron'

const isMac = process.platform === 'darwin'
const separator: MenuItemConstructorOptions = { type: 'separator' }

/** The application's menu: what every app has. */
export const setMenu = ({ show, quit }: { readonly show: () => void; readonly quit: () => void }): void => {
  const onlyOnMac: MenuItemConstructorOptions[] = isMac
    ? [{ role: 'services' }, separator, { role: 'hide' }, { role: 'hideOthers' }, { role: 'unhide' }, separator]
    : []
  // Reloading and looking inside is for those who build the app.
  const onlyInDevelopment: MenuItemConstructorOptions[] = app.isPackaged
    ? []
    : [separator, { role: 'reload' }, { role: 'toggleDevTools' }]
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: 'Muster',
        submenu: [
          { role: 'about' },
          separator,
          ...onlyOnMac,
          { label: 'Open Muster', click: show },
          { label: 'Quit Muster', accelerator: 'CommandOrControl+Q', click: quit },
        ],
      },
      { role: 'editMenu' },
      {
        label: 'View',
        submenu: [
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          separator,
          { role: 'togglefullscreen' },
          ...onlyInDevelopment,
        ],
      },
      { role: 'windowMenu' },
    ]),
  )
}
