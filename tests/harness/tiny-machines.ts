import { expect, type Page } from '@playwright/test'
import { startHeadless, temporaryFolder, type HeadlessNode } from './headless-node'
import { heldPython, type HeldPython } from './held-python'
import { addTinyModel } from './models'
import { PATIENCE_MS } from './patience'

export interface TinyMachines {
  machine(name: string): Promise<HeadlessNode>
  /** Two machines in one cluster, which `page` shows at the first one's address. `held` keeps the laptop from loading. */
  pair(page: Page): Promise<{ studio: HeadlessNode; laptop: HeadlessNode; held: HeldPython }>
  /** Ends them all and removes their folders; others may be started after that. */
  stop(): Promise<void>
}

/** Headless nodes that each have the tiny model, for tests of the app. */
export const tinyMachines = (): TinyMachines => {
  const folders: { path: string; dispose(): void }[] = []
  const nodes: HeadlessNode[] = []
  const start = async (name: string): Promise<{ node: HeadlessNode; held: HeldPython }> => {
    const folder = temporaryFolder()
    folders.push(folder)
    addTinyModel(folder.path)
    const held = heldPython(folder.path)
    const args = ['--name', name, '--peer-port', '0', '--no-discovery']
    const node = await startHeadless({ dataDir: folder.path, args, env: { MUSTER_PYTHON: held.executable } })
    nodes.push(node)
    return { node, held }
  }
  return {
    machine: async (name) => (await start(name)).node,
    pair: async (page) => {
      const { node: studio } = await start('Mac Studio')
      const { node: laptop, held } = await start('MacBook Pro')
      const invited = await page.request.post(`${studio.url}/cluster/invite`)
      const { token } = (await invited.json()) as { token: string }
      await page.request.post(`${laptop.url}/cluster/join`, { data: { token } })
      await page.goto(studio.url)
      await expect(page.getByText('2 of 2 machines connected')).toBeVisible({ timeout: PATIENCE_MS })
      return { studio, laptop, held }
    },
    stop: async () => {
      await Promise.all(nodes.splice(0).map((node) => node.stop()))
      for (const folder of folders.splice(0)) folder.dispose()
    },
  }
}
