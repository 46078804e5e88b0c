import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright'

/** Notes the paths that a page requests from now on; returns a function that gives those so far. Workers' scripts count too. */
export const filesFetched = (page: Page): (() => readonly string[]) => {
  const paths = new Set<string>()
  page.on('request', (request) => paths.add(new URL(request.url()).pathname))
  page.on('worker', (worker) => paths.add(new URL(worker.url()).pathname))
  return () => [...paths]
}

/** Bytes of those of the built app's files that were fetched, each compressed by gzip. What the API answered is left out. */
export const firstPageBytes = (app: string, paths: readonly string[]): number => {
  const files = paths.map((path) => join(app, path === '/' ? 'index.html' : path)).filter(existsSync)
  if (!files.some((file) => file.endsWith('.js'))) throw new Error('the page fetched no script of the built app')
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
}
