import type { Page } from 'playwright'
import type { Translate } from '@core/texts/translator'
import type { Scene } from './scene'
import { FAKE_DESKTOP, showAllWarnings, warningPlaces } from './warning-places'

const launchPlaces: readonly string[] = ['launch', 'choose', 'options']

/** Whether the place needs a page of its own: what was opened or dismissed there must not be there for the next one. */
export const isAlone = (place: string): boolean => place in warningPlaces || launchPlaces.includes(place)

interface Opening {
  /** Where the scene is served. */
  readonly url: string
  /** A page's name, or what is opened above one: `launch`, `options`, `fix`, … */
  readonly place: string
  /** What is to be pressed is found by what it is called in the page's language. */
  readonly text: Translate
}

const openHub = async (page: Page, text: Translate): Promise<void> => {
  const search = page.getByRole('searchbox')
  await search.fill('qwen')
  await search.press('Enter')
  await page
    .getByRole('list', { name: text('models.modelsOn', { hub: '' }).trim() })
    .or(page.locator('p.quiet[role=status]'))
    .first()
    .waitFor()
  await page.getByRole('heading', { name: text('models.fromHub') }).evaluate((heading) => heading.scrollIntoView())
}

const openLaunch = async (page: Page, { place, text }: Opening): Promise<void> => {
  const button = page.getByRole('button', { name: text('app.launchForm') }).first()
  // Until the models are known it is disabled; if there are none it stays so and says why.
  await button.and(page.locator(':enabled, [title]')).waitFor()
  if (!(await button.isEnabled())) return
  await button.click()
  if (place === 'launch') return
  // A model that fits somewhere, with all options.
  const models = page.getByRole('combobox', { name: text('launch.model') })
  await models.selectOption({ index: (await models.getByRole('option').count()) - 1 })
  // What is answered later would move what is below it, and with it the place to which the pointer and the view go.
  await page.getByText(text('launch.lookingForPlace')).waitFor({ state: 'hidden' })
  await page.getByText(text('launch.more'), { exact: true }).click()
  if (place !== 'options') return
  await page.mouse.move(0, 0)
  const last = page.getByRole('spinbutton').last()
  await last.evaluate((field) => field.scrollIntoView({ block: 'center' }))
}

/** Brings the page to the place, and waits until all that the place shows has arrived. */
export const openPlace = async (page: Page, scene: Scene, opening: Opening): Promise<void> => {
  const { url, place, text } = opening
  const warned = warningPlaces[place]
  const shown = isAlone(place) || place === 'setup' ? 'cluster' : place === 'hub' ? 'models?view=hub' : place
  if (place === 'bridge' || place === 'undo') await page.addInitScript(FAKE_DESKTOP)
  await page.goto(`${url}/#/${shown}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  // The setup has the window for itself.
  if (place !== 'setup') await page.locator('footer .health.ready, footer .health.retrying').waitFor()
  if (warned) {
    await showAllWarnings(page, text)
    await warned(page, text)
  }
  if (place === 'hub') await openHub(page, text)
  if (launchPlaces.includes(place)) await openLaunch(page, opening)
  for (const button of scene.opens ?? [])
    await page
      .getByRole('button', { name: button, exact: true })
      .or(page.getByRole('menuitem', { name: button, exact: true }))
      .first()
      .click()
  await page.evaluate('document.fonts.ready')
}
