import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Reads a file below the root; undefined if it does not exist or may not be read. */
export type ReadText = (path: string) => Promise<string | undefined>

/**
 * Reads synchronously: the kernel generates these files in memory. Through Node's thread pool each would cost five
 * round trips to another thread every few seconds, which was most of an idle node's CPU time.
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
