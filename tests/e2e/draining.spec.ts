import { expect, test } from '@playwright/test'
import { TINY } from '../harness/models'
import { tinyMachines } from '../harness/tiny-machines'

/** Of a model that is loaded on another machine, on one that is busy otherwise. */
const TIMEOUT = 120_000

const machines = tinyMachines()
test.afterEach(() => machines.stop())

test('a machine is drained: the app says before what moves where, then how far it is, and when the machine may sleep', async ({
  page,
}) => {
  const { studio, held } = await machines.pair(page)
  const nodeIds = [studio.nodeId]
  // It names its machine only until it is there: a declaration that names one cannot move.
  const declared = await page.request.post(`${studio.url}/meta_instance`, {
    data: { modelId: TINY, name: 'chat', nodeIds },
  })
  const { metaInstanceId } = (await declared.json()) as { metaInstanceId: string }
  const card = page.locator('[data-meta-instance-id]')
  await expect(card).toHaveAttribute('data-status', 'READY', { timeout: TIMEOUT })
  await page.request.patch(`${studio.url}/meta_instance/${metaInstanceId}`, { data: { nodeIds: null } })
  const chips = card.getByRole('list', { name: 'Machines' })
  await expect(chips).toContainText('Mac Studio')

  await page.getByRole('button', { name: 'More for Mac Studio' }).click()
  await page.getByRole('menuitem', { name: 'Drain…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Drain Mac Studio?' })
  await expect(dialog).toContainText(/chat moves to MacBook Pro/)
  // However long it takes to look at it, it is moving.
  held.hold()
  await dialog.getByRole('button', { name: 'Drain', exact: true }).click()

  await expect(page.getByRole('status').filter({ hasText: 'Mac Studio is being drained.' })).toContainText(
    'chat is moving away.',
  )
  await expect(card).toContainText('Moving to MacBook Pro')
  // It serves all the while.
  await expect(card).toHaveAttribute('data-status', 'READY')
  await expect(chips).toContainText('Mac Studio')
  held.release()

  const drained = page.getByRole('status').filter({ hasText: 'Mac Studio is drained.' })
  await expect(drained).toContainText('It can sleep', { timeout: TIMEOUT })
  await expect(chips).toContainText('MacBook Pro')
  await expect(chips).not.toContainText('Mac Studio')
  await expect(card).not.toContainText('Moving')

  await drained.getByRole('button', { name: 'Allow models again' }).click()
  await expect(drained).toBeHidden()
})
