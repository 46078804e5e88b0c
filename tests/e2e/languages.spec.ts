import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { scenes, type SceneName } from '../gallery/scenes'
import { serveScene } from '../gallery/server'
import { root } from '../harness/paths'

const SCENES: readonly SceneName[] = ['statuses', 'onRequest']
const PAGES = [
  'cluster',
  'models',
  'models?view=hub',
  'chat',
  'connect',
  'activity',
  'activity?view=events',
  'settings',
]
/** Commands, and what the scenes' machines and people said, in no language of the app. */
const THEIRS =
  /(pip|npm) install |codex --profile|out of memory|picture of a cluster|Start a node to|with a rather long name|so that it has to be broken somewhere/

/**
 * What is shown, or read out, and has two words of English beside one another. Commands, paths and logs are the same for
 * everybody. A text, for nothing else here knows a DOM.
 */
const ENGLISH = `(() => {
  const isOurs = (element) => !element.closest('pre, code, [role=log], script, style')
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const texts = []
  for (let node; (node = nodes.nextNode()); ) if (isOurs(node.parentElement)) texts.push(node.textContent)
  for (const name of ['title', 'aria-label', 'placeholder'])
    for (const element of document.querySelectorAll('[' + name + ']'))
      if (isOurs(element)) texts.push(element.getAttribute(name))
  return texts.filter((text) => /(?<![a-z/])[a-z]{3,} [a-z]{2,}/.test(text))
})()`

const english = async (page: Page): Promise<readonly string[]> => {
  const texts: readonly string[] = await page.evaluate(ENGLISH)
  return texts.filter((text) => !THEIRS.test(text))
}

test.use({ locale: 'zh-CN' })

for (const scene of SCENES) {
  test(`whoever reads Chinese meets no English in the app: ${scene}`, async ({ page }) => {
    const gallery = await serveScene(scenes[scene](), { app: join(root, 'out', 'renderer') })
    try {
      for (const name of PAGES) {
        await page.goto(`${gallery.url}/#/${name}`)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans')
        await expect.poll(() => english(page), name).toEqual([])
      }
    } finally {
      await gallery.close()
    }
  })
}
