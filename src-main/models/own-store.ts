import { ModelId } from '@core/ids'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Candidate } from './model-directory'

/** Hidden entries, and what a download or conversion has not finished. */
const isPassedOver = (name: string): boolean => name.startsWith('.') || /\.partial(?:-\d+)?$/.test(name)

/** Names of the directories in a directory, links followed; none where it is missing. */
export const directoriesIn = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const found = entries.map(async (entry): Promise<string[]> => {
    if (isPassedOver(entry.name)) return []
    if (entry.isDirectory()) return [entry.name]
    if (!entry.isSymbolicLink()) return []
    const target = await stat(join(directory, entry.name)).catch(() => undefined)
    return target?.isDirectory() === true ? [entry.name] : []
  })
  return (await Promise.all(found)).flat().sort()
}

/** The directories `OWNER/NAME` below a folder: our own store's layout, and LM Studio's. */
export const modelsByOwner = async (folder: string, source: Candidate['source']): Promise<Candidate[]> => {
  const owners = await directoriesIn(folder)
  const models = owners.map(async (owner) => {
    const names = await directoriesIn(join(folder, owner))
    return names.flatMap((name): Candidate[] => {
      const modelId = ModelId.safeParse(`${owner}/${name}`)
      return modelId.success ? [{ modelId: modelId.data, path: join(folder, owner, name), source }] : []
    })
  })
  return (await Promise.all(models)).flat()
}
