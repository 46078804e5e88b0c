import { existsSync, mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Our folders are accessible to their owner only. */
const OURS = { mode: 0o700 }

const failedWith = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/**
 * Whether the parent folder is missing. ENOENT alone does not prove it: some file systems, such as /proc, answer it
 * although the parent exists.
 */
const lacksParent = (error: unknown, path: string): boolean => failedWith(error, 'ENOENT') && !existsSync(dirname(path))

/**
 * Creates a folder and its missing parents. Throws the system's error.
 *
 * Node's recursive mkdir is not used: it never returns on a file system that answers ENOENT although the parent exists.
 */
export const makeFolder = async (folder: string): Promise<void> => {
  const path = resolve(folder)
  try {
    await mkdir(path, OURS)
  } catch (error) {
    if (failedWith(error, 'EEXIST') && (await stat(path)).isDirectory()) return
    if (!lacksParent(error, path)) throw error
    await makeFolder(dirname(path))
    await makeFolder(path)
  }
}

/** As `makeFolder`, synchronous: for folders needed before the event loop continues. */
export const makeFolderSync = (folder: string): void => {
  const path = resolve(folder)
  try {
    mkdirSync(path, OURS)
  } catch (error) {
    if (failedWith(error, 'EEXIST') && statSync(path).isDirectory()) return
    if (!lacksParent(error, path)) throw error
    makeFolderSync(dirname(path))
    makeFolderSync(path)
  }
}
