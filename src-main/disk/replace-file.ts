import { mkdir, open, rename } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { removeFile } from './removal'

/**
 * Replaces a file in one step: a crash leaves the old one or the new one, whole. Only its owner may read it.
 * Rejects with what the disk says; the old file is then unchanged.
 */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.new`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await removeFile(dirname(temporary), basename(temporary)).catch(() => undefined)
    throw error
  }
}
