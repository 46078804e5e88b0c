import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { coded } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { GB } from '@core/testing/world'
import { Scene } from '../gallery/scene'
import { serveScene } from '../gallery/server'
import { root } from '../harness/paths'

test('a command within a text is set as code, wherever the text is shown', async ({ page }) => {
  const scene = new Scene()
  const node = scene.machine('Mac Studio')
  const gated = coded('downloads.hub.gated', {
    model: 'a/gated',
    page: 'https://hf.co/a/gated',
  })
  scene.arriving(node, 'a/gated', { status: 'Failed', error: inEnglish(gated), coded: gated, totalBytes: 8 * GB })
  const id = scene.declare('chat', scene.model('mlx-community/Qwen3-8B-4bit', 4.6))
  scene.world.reconcile()
  scene.world.fail(id, 'the GPU reports an error: see `nvidia-smi -q`')
  scene.world.reconcile()
  const gallery = await serveScene(scene.settle(), { app: join(root, 'out', 'renderer') })
  try {
    const main = page.getByRole('main')
    await page.goto(`${gallery.url}/#/models`)
    await expect(main.locator('code', { hasText: 'muster hub login' })).toBeVisible()
    await expect(main).not.toContainText('`')
    await page.goto(`${gallery.url}/#/cluster`)
    await expect(main.locator('code', { hasText: 'nvidia-smi -q' }).first()).toBeVisible()
    await expect(main).not.toContainText('`')
  } finally {
    await gallery.close()
  }
})
