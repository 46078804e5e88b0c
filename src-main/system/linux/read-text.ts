import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Reads a file below the root; undefined where there is none or it may not be read. */
export type ReadText = (path: string) => Promise<string | undefined>

/**
 * Reads at once: the kernel makes these files in memory. Through Node's thread pool each of them would cost five trips
 * to another thread and back, every few seconds, which was most of what an idle node did.
 */
export const readTextBelow =
  (root: string): ReadText =>
  (path) => {
    try {
      return Promise.resolve(readFileSync(join(root, path), 'utf8'))
    } catch {
      return Promise.resolve(undefined)
    }
  }
