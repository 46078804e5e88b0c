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

/** One part of a hub's model id: it can be no path, no hidden file and nothing that is passed over here. */
const PLAIN = /^(?!.*\.\.)[A-Za-z0-9_][\w.-]{0,95}$/

export interface OwnPlace {
  readonly owner: string
  readonly name: string
  readonly path: string
}

/**
 * Where our own store has, or would have, a model; undefined for an id that is not `OWNER/NAME`. Ids come from
 * anywhere: none of them may name a place outside of the store. Whether a link lies on the way, the disk alone knows:
 * what changes anything there asks `disk/below`.
 */
export const ownPlace = (folder: string, modelId: ModelId): OwnPlace | undefined => {
  const [owner, name, ...more] = modelId.split('/')
  const isName = (part: string | undefined): part is string =>
    part !== undefined && PLAIN.test(part) && !isPassedOver(part)
  return isName(owner) && isName(name) && more.length === 0
    ? { owner, name, path: join(folder, owner, name) }
    : undefined
}

/** The directories `OWNER/NAME` below a folder: our own store's layout, and LM Studio's. */
export const modelsByOwner = async (folder: string, source: Candidate['source']): Promise<Candidate[]> => {
  const owners = await directoriesIn(folder)
  const models = owners.map(async (owner) => {
    const names = await directoriesIn(join(folder, owner))
    return names.flatMap((name): Candidate[] => {
      // Folders of a repository in the Hugging Face cache.
      if (owner.startsWith('models--')) return []
      const modelId = ModelId.safeParse(`${owner}/${name}`)
      return modelId.success ? [{ modelId: modelId.data, path: join(folder, owner, name), source }] : []
    })
  })
  return (await Promise.all(models)).flat()
}

/** The directories `NAME` in a folder that are models themselves, as mlx-lm converts them. */
export const modelsByName = async (folder: string, source: Candidate['source']): Promise<Candidate[]> => {
  const models = (await directoriesIn(folder)).map(async (name): Promise<Candidate[]> => {
    const modelId = ModelId.safeParse(name)
    const path = join(folder, name)
    const config = await stat(join(path, 'config.json')).catch(() => undefined)
    return modelId.success && config?.isFile() === true ? [{ modelId: modelId.data, path, source }] : []
  })
  return (await Promise.all(models)).flat()
}

/** Ends the name of a model's folder that is not complete. */
export const PARTIAL = '.partial'

/** Models that have begun to come to our own store. */
export const partialModels = async (folder: string): Promise<ModelId[]> => {
  const owners = await directoriesIn(folder)
  const models = owners.map(async (owner) => {
    const names = await readdir(join(folder, owner)).catch(() => [])
    return names.flatMap((name) => {
      const modelId = ModelId.safeParse(`${owner}/${name.slice(0, -PARTIAL.length)}`)
      return name.endsWith(PARTIAL) && modelId.success ? [modelId.data] : []
    })
  })
  return (await Promise.all(models)).flat()
}
