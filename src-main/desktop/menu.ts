import { Menu, type MenuItemConstructorOptions } from 'electron'

/** The application's menu: what every app has. */
export const setMenu = (actions: { readonly open: () => void; readonly quit: () => void }): void => {
  const app: MenuItemConstructorOptions[] =
    process.platform === 'darwin'
      ? [
          { role: 'about' },
          { type: 'separator' },
          { role: 'hide' },
          { role: 'hideOthers' },
          { role: 'unhide' },
          { type: 'separator' },
        ]
      : []
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: 'Muster',
        submenu: [
          ...app,
          { label: 'Open Muster', click: actions.open },
          { label: 'Quit Muster', accelerator: 'CommandOrControl+Q', click: actions.quit },
        ],
      },
      { role: 'editMenu' },
      {
        label: 'View',
        submenu: [
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          { type: 'separator' },
          { role: 'togglefullscreen' },
        ],
      },
      { role: 'windowMenu' },
    ]),
  )
}
