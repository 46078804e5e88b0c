import { expect, type Locator, type Page } from '@playwright/test'

/** Of what a hand does: it tries again where a target does not take it yet, as a machine whose links are not known. */
const TIMEOUT = 60_000

/** Drags with several pointer moves, as a hand does, and lets go when the target lights up. */
export const dragTo = async (page: Page, what: Locator, where: Locator): Promise<void> => {
  await expect(async () => {
    await what.hover()
    await page.mouse.down()
    try {
      await where.hover()
      await where.hover({ position: { x: 40, y: 30 } })
      await where.hover({ position: { x: 44, y: 34 } })
      const takes = await where.evaluate((element) => element.hasAttribute('data-over'))
      if (!takes) await page.keyboard.press('Escape')
      expect(takes, `is taken there: ${await where.innerText()}`).toBe(true)
    } finally {
      await page.mouse.up()
    }
  }).toPass({ timeout: TIMEOUT })
}
