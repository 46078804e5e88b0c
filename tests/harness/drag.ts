import type { Locator, Page } from '@playwright/test'

/** Drags as a hand does: what lies under the pointer is asked more than once before the button is let go. */
export const dragTo = async (page: Page, what: Locator, where: Locator): Promise<void> => {
  await what.hover()
  await page.mouse.down()
  await where.hover()
  await where.hover({ position: { x: 40, y: 30 } })
  await where.hover({ position: { x: 44, y: 34 } })
  await page.mouse.up()
}
