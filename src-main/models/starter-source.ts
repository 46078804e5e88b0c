import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const ENDING = '.gguf'

/**
 * The starter model's file in the unpacked package, at whatever depth. Folder by folder: in Node 18.15 `readdir`
 * ignores `recursive`.
 */
export const starterSource = async (folder: string): Promise<string | undefined> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const file = entries.find((entry) => entry.isFile() && entry.name.endsWith(ENDING))
  if (file) return join(folder, file.name)
  for (const entry of entries) {
    const found = entry.isDirectory() ? await starterSource(join(folder, entry.name)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
