import { expect, test as base, type Page } from '@playwright/test'
import { complaintsOf } from './complaints'
import { startHeadless, temporaryFolder, type HeadlessNode } from './headless-node'
import { addTinyModel, TINY } from './models'
import { PATIENCE_MS } from './patience'

interface ChatFixtures {
  /** The node's data folder, with the tiny model. */
  readonly folder: { readonly path: string }
  readonly node: HeadlessNode
  /** Errors that the page reports. */
  readonly errors: readonly string[]
  /** Declares a model and waits until it is ready. */
  readonly declare: (modelId?: string) => Promise<void>
}

/** Tests of the chat page. Each has its own node with the tiny model. */
export const test = base.extend<ChatFixtures>({
  folder: async ({}, use) => {
    const folder = temporaryFolder()
    addTinyModel(folder.path)
    await use(folder)
    folder.dispose()
  },
  node: async ({ folder }, use) => {
    const node = await startHeadless({ dataDir: folder.path })
    await use(node)
    await node.stop()
  },
  errors: async ({ page }, use) => {
    await use(complaintsOf(page))
  },
  declare: async ({ node }, use) => {
    await use((modelId = TINY) => declareOn(node, modelId))
  },
})

const declareOn = async ({ url }: HeadlessNode, modelId: string): Promise<void> => {
  const response = await fetch(`${url}/meta_instance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ modelId }),
  })
  const { metaInstanceId } = (await response.json()) as { metaInstanceId: string }
  const status = async (): Promise<string> =>
    ((await (await fetch(`${url}/meta_instance/${metaInstanceId}`)).json()) as { status: string }).status
  await expect.poll(status, { timeout: PATIENCE_MS }).toBe('READY')
}

export const ask = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

export const answer = (page: Page) => page.getByRole('article', { name: 'Answer' }).last()
