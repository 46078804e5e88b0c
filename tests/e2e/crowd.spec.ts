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

test('the app comes with its first page alone; a page that cannot be fetched says so and is loaded again', async ({
  page,
}) => {
  const gallery = await serveScene(crowdOf({ machines: 2, models: 3, declared: 1 }), {
    app: join(root, 'out', 'renderer'),
  })
  try {
    const models = /\/models-page-.*\.js$/
    await page.route(models, (route) => route.abort())
    const failed = page.waitForEvent('requestfailed', (request) => models.test(request.url()))
    await page.goto(`${gallery.url}/#/cluster`)
    // It was fetched ahead, and nothing was said of it.
    await failed
    await expect(page.getByRole('alert')).toHaveCount(0)
    await page.getByRole('link', { name: 'Models' }).click()
    await expect(page.getByRole('alert')).toContainText('This page could not be loaded.')
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Load again' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible()
  } finally {
    await gallery.close()
  }
})
