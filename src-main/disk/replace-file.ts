import { open, rename } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { makeFolder } from './make-folder'
import { removeFile } from './removal'

/**
 * Replaces a file atomically: a crash leaves the old or the new content, complete. Readable by its owner only, unless
 * `mode` says otherwise, whatever the umask is. Rejects with the disk's error; the old file is then unchanged.
 */
export const replaceFile = async (
  path: string,
  text: string,
  { mode }: { readonly mode?: number } = {},
): Promise<void> => {
  const temporary = `${path}.new`
  try {
    await makeFolder(dirname(path))
    const file = await open(temporary, 'w', 0o600)
    try {
      if (mode !== undefined) await file.chmod(mode)
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
