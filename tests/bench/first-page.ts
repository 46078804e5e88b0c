import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright'

/** What the window fetches when it has nothing else to do is not fetched: it is not part of the first page. */
const NEVER_IDLE = 'window.requestIdleCallback = () => 0'

/** The paths that a page requests until `drawn` has resolved, workers' scripts among them. */
export const filesOfFirstPage = async (page: Page, drawn: () => Promise<unknown>): Promise<readonly string[]> => {
  const paths = new Set<string>()
  page.on('request', (request) => paths.add(new URL(request.url()).pathname))
  page.on('worker', (worker) => paths.add(new URL(worker.url()).pathname))
  await page.addInitScript(NEVER_IDLE)
  await drawn()
  return [...paths]
}

/** Scripts of the workers that a page has started: the first page needs them soon, though not in order to be drawn. */
export const workerScripts = (page: Page): readonly string[] =>
  page.workers().map((worker) => new URL(worker.url()).pathname)

/** Bytes of those of the built app's files that were fetched, each compressed by gzip. What the API answered is left out. */
export const firstPageBytes = (app: string, paths: readonly string[]): number => {
  const files = [...new Set(paths)].map((path) => join(app, path === '/' ? 'index.html' : path)).filter(existsSync)
  if (!files.some((file) => file.endsWith('.js'))) throw new Error('the page fetched no script of the built app')
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
}
