import type { Page } from 'playwright'

/** In the desktop app the window can ask more: what a Mac would answer whose ports are in a bridge. */
export const FAKE_DESKTOP = `window.muster = {
  apiAccess: async () => ({ url: location.origin }),
  loginItem: async () => ({ openAtLogin: false, available: true }),
  bridgedPorts: async ({ action }) => ({
    release: action === 'release' ? [] : [
      '/sbin/ifconfig bridge0 deletem en2',
      '/sbin/ifconfig bridge0 deletem en3',
      '/usr/sbin/ipconfig set en2 DHCP',
      '/usr/sbin/ipconfig set en3 DHCP',
    ],
    undo: action !== 'release' ? [] : [
      '/usr/sbin/ipconfig set en2 NONE',
      '/usr/sbin/ipconfig set en3 NONE',
      '/sbin/ifconfig bridge0 addm en2',
      '/sbin/ifconfig bridge0 addm en3',
    ],
    outcome: action === 'show' ? 'shown' : 'done',
  }),
}`

/** Only the worst stand there at first. */
export const showAllWarnings = async (page: Page): Promise<void> => {
  const more = page.getByRole('button', { name: /^Show \d+ more warning/ })
  if (await more.isVisible()) await more.click()
}

/** What can be opened of warnings, from the cluster's page with all of them shown. */
export const warningPlaces: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  fix: (page) => page.getByRole('button', { name: /Fix… The port next to Ethernet/ }).click(),
  cable: (page) => page.getByRole('button', { name: /Fix… The cable between/ }).click(),
  machine: (page) => page.getByRole('button', { name: /warnings? for Mac Studio/ }).click(),
  bridge: async (page) => {
    await page.getByRole('button', { name: /Fix… A bridge on/ }).click()
    await page.getByRole('button', { name: 'Take the ports out…' }).scrollIntoViewIfNeeded()
  },
  undo: async (page) => {
    await warningPlaces['bridge']?.(page)
    await page.getByRole('button', { name: 'Take the ports out…' }).click()
    await page.getByRole('button', { name: 'Undo…' }).scrollIntoViewIfNeeded()
  },
  dismissed: async (page) => {
    const dismiss = page.getByRole('button', { name: /^Dismiss:/ })
    for (let left = await dismiss.count(); left > 0; left -= 1) await dismiss.first().click()
    await page.evaluate(`location.hash = '#/settings'`)
    await page.getByRole('heading', { name: 'Dismissed warnings' }).scrollIntoViewIfNeeded()
  },
}
