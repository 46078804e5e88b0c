import { expect, type Locator, type Page } from '@playwright/test'
import { PATIENCE_MS } from './patience'

/**
 * A drop target may refuse at first, as a machine whose links are not known yet: the drag is repeated until this limit.
 */

/** Drags with several pointer moves, as a user does, and drops when the target is highlighted. */
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
  }).toPass({ timeout: PATIENCE_MS })
}
