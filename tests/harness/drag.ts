import type { Locator, Page } from '@playwright/test'

/** Drags with several pointer moves, as a hand does, so that drop targets are hovered before the release. */
export const dragTo = async (page: Page, what: Locator, where: Locator): Promise<void> => {
  await what.hover()
  await page.mouse.down()
  await where.hover()
  await where.hover({ position: { x: 40, y: 30 } })
  await where.hover({ position: { x: 44, y: 34 } })
  await page.mouse.up()
}
