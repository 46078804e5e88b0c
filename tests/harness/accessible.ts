import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { PATIENCE_MS } from './patience'

/** Themes differ in colours alone, so the other rules are checked in the first. */
const THEMES = [
  { colorScheme: 'light', rules: undefined },
  { colorScheme: 'dark', rules: ['color-contrast'] },
] as const

interface AccessibilityOptions {
  /** The rules of axe to check, instead of all that matter. */
  readonly rules?: readonly string[]
}

/** Checks that axe finds no fault in the page, in both themes. Leaves the page in the light one. */
export const expectAccessible = async (page: Page, options: AccessibilityOptions = {}): Promise<void> => {
  for (const { colorScheme, rules } of THEMES) {
    await page.emulateMedia({ colorScheme })
    expect(await violationsIn(page, options.rules ?? rules), `${page.url()}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/**
 * The elements that break a rule, each with what axe says of it.
 *
 * @throws if axe does not answer, so that a test which would wait for ever says on what
 */
const violationsIn = async (page: Page, rules: readonly string[] | undefined): Promise<readonly string[]> => {
  // Otherwise axe opens a second page to join what it found in frames of other sites; there are none.
  const axe = new AxeBuilder({ page }).setLegacyMode(true)
  const analysis = (rules === undefined ? axe : axe.withRules([...rules])).analyze()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('axe does not answer')), PATIENCE_MS)
  })
  const { violations } = await Promise.race([analysis, late]).finally(() => clearTimeout(timer))
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
