import type { Page } from 'playwright'
import type { Translate } from '@core/texts/translator'

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

/** The longest piece of a text between the values that nobody knows here: what is to be pressed is found by it. */
const piece = (whole: string): string => whole.split('§').sort((a, b) => b.length - a.length)[0] ?? whole

/** Only the worst stand there at first. */
export const showAllWarnings = async (page: Page, text: Translate): Promise<void> => {
  const [beginning = ''] = text('warnings.showMore', { count: 7 }).split('7')
  const more = page.getByRole('region', { name: text('warnings.title') }).getByText(beginning)
  if (await more.isVisible()) await more.click()
}

type Place = (page: Page, text: Translate) => Promise<void>

const fixes = (page: Page, text: Translate, title: string): Promise<void> =>
  page
    .getByRole('button', { name: piece(title) })
    .and(page.getByText(text('warnings.fix')))
    .first()
    .click()

const bridge: Place = async (page, text) => {
  await fixes(page, text, text('alerts.bridge.title', { name: '§' }))
  await page.getByRole('button', { name: text('warnings.bridge.takeOut') }).scrollIntoViewIfNeeded()
}

/** What can be opened of warnings, from the cluster's page with all of them shown. */
export const warningPlaces: Readonly<Record<string, Place>> = {
  fix: (page, text) => fixes(page, text, text('alerts.studio.title', { name: '§' })),
  cable: (page, text) => fixes(page, text, text('alerts.slow.title', { names: '§', count: 1 })),
  machine: (page, text) =>
    page
      .getByRole('button', {
        name: piece(text('warnings.countFor', { count: 2, name: 'Mac Studio' }).replace('2', '§')),
      })
      .first()
      .click(),
  bridge,
  undo: async (page, text) => {
    await bridge(page, text)
    await page.getByRole('button', { name: text('warnings.bridge.takeOut') }).click()
    await page.getByRole('button', { name: text('warnings.bridge.undo') }).scrollIntoViewIfNeeded()
  },
  dismissed: async (page, text) => {
    const dismiss = page.getByRole('button', { name: piece(text('warnings.dismissName', { name: '§' })) })
    for (let left = await dismiss.count(); left > 0; left -= 1) await dismiss.first().click()
    await page.evaluate(`location.hash = '#/settings'`)
    await page.getByRole('heading', { name: text('warnings.dismissed') }).scrollIntoViewIfNeeded()
  },
}
