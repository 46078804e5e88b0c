import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads a file below the root; undefined where there is none or it may not be read. */
export type ReadText = (path: string) => Promise<string | undefined>

export const readTextBelow =
  (root: string): ReadText =>
  (path) =>
    readFile(join(root, path), 'utf8').catch(() => undefined)
