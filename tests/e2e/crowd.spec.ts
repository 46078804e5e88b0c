import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { crowdOf, CROWD } from '../gallery/crowd-scene'
import { serveScene } from '../gallery/server'
import { root } from '../harness/paths'

test('a hundred machines and five hundred models are drawn as they come into view, in a bounded page', async ({
  page,
}) => {
  const gallery = await serveScene(crowdOf(CROWD), { app: join(root, 'out', 'renderer') })
  try {
    await page.goto(`${gallery.url}/#/cluster`)
    const cards = page.locator('[data-meta-instance-id]')
    const machines = page.locator('article[data-node-id]')
    const rows = page.getByRole('list', { name: 'Models' }).getByRole('listitem')
    await expect(cards).toHaveCount(CROWD.declared)
    await expect(machines).toHaveCount(CROWD.machines)
    await expect(rows.first()).toBeVisible()
    const elements = () => page.locator('*').count()
    const first = await elements()
    expect(first).toBeLessThan(3000)
    expect(await cards.getByRole('button', { name: /^More for/ }).count()).toBeLessThan(CROWD.declared)
    expect(await machines.getByRole('img', { name: /^Memory/ }).count()).toBeLessThan(CROWD.machines)
    expect(await rows.count()).toBeLessThan(60)

    // Coming back builds no more than the first visit.
    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByRole('link', { name: 'Cluster' }).click()
    await expect(rows.first()).toBeVisible()
    expect(await elements()).toBeLessThan(1.1 * first)

    await machines.last().scrollIntoViewIfNeeded()
    await expect(machines.last().getByRole('img', { name: /^Memory/ })).toBeVisible()
    await cards.last().scrollIntoViewIfNeeded()
    await expect(cards.last().getByRole('button', { name: /^More for/ })).toBeVisible()
  } finally {
    await gallery.close()
  }
})
