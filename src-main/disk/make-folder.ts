import { existsSync, mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Folders of ours are for their owner alone. */
const OURS = { mode: 0o700 }

const failedWith = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** Whether the parent lacks. It does not where a file system gives a folder that is there the same answer, as /proc. */
const lacksParent = (error: unknown, path: string): boolean => failedWith(error, 'ENOENT') && !existsSync(dirname(path))

/**
 * Makes a folder and those above it that lack. Throws the system's error.
 *
 * Node's own recursive mkdir never returns where a file system answers ENOENT although the parent is there.
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

/** As `makeFolder`, for what must stand before the event loop goes on. */
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
