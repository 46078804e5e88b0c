import { ModelId } from '@core/ids'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { noneUnlessShort } from '../shortage'
import type { Candidate } from './candidate'

/** Skips hidden entries and unfinished downloads or conversions. */
const isSkipped = (name: string): boolean => name.startsWith('.') || /\.partial(?:-\d+)?$/.test(name)

/**
 * Names of the subfolders, links followed; empty if the folder is missing or cannot be read. Rejects with the system's
 * error for a shortage, which says nothing about the folder.
 */
export const directoriesIn = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch(noneUnlessShort)
  const found = entries.map(async (entry): Promise<string[]> => {
    if (isSkipped(entry.name)) return []
    if (entry.isDirectory()) return [entry.name]
    if (!entry.isSymbolicLink()) return []
    const target = await stat(join(directory, entry.name)).catch(() => undefined)
    return target?.isDirectory() === true ? [entry.name] : []
  })
  return (await Promise.all(found)).flat().sort()
}

/** A safe part of a hub's model id: no path, no hidden file, no `..`, nothing that `isSkipped` skips. */
const PLAIN = /^(?!.*\.\.)[A-Za-z0-9_][\w.-]{0,95}$/

export interface OwnPlace {
  readonly owner: string
  readonly name: string
  readonly path: string
}

/**
 * Place of a model in our own store; undefined unless the id is `OWNER/NAME`. Ids are untrusted and must not escape the
 * store. This checks the name only; symbolic links on the path are checked by `disk/below` before any change.
 */
export const ownPlace = (folder: string, modelId: ModelId): OwnPlace | undefined => {
  const [owner, name, ...more] = modelId.split('/')
  const isName = (part: string | undefined): part is string =>
    part !== undefined && PLAIN.test(part) && !isSkipped(part)
  return isName(owner) && isName(name) && more.length === 0
    ? { owner, name, path: join(folder, owner, name) }
    : undefined
}

/** Folders `OWNER/NAME`: the layout of our own store and of LM Studio. */
export const modelsByOwner = async (folder: string, source: Candidate['source']): Promise<Candidate[]> => {
  const owners = await directoriesIn(folder)
  const models = owners.map(async (owner) => {
    const names = await directoriesIn(join(folder, owner))
    return names.flatMap((name): Candidate[] => {
      // Skip folders of the Hugging Face cache layout.
      if (owner.startsWith('models--')) return []
      const modelId = ModelId.safeParse(`${owner}/${name}`)
      return modelId.success ? [{ modelId: modelId.data, path: join(folder, owner, name), source }] : []
    })
  })
  return (await Promise.all(models)).flat()
}

/** Folders `NAME` that are models themselves, as mlx-lm writes conversions. */
export const modelsByName = async (folder: string, source: Candidate['source']): Promise<Candidate[]> => {
  const models = (await directoriesIn(folder)).map(async (name): Promise<Candidate[]> => {
    const modelId = ModelId.safeParse(name)
    const path = join(folder, name)
    const config = await stat(join(path, 'config.json')).catch(() => undefined)
    return modelId.success && config?.isFile() === true ? [{ modelId: modelId.data, path, source }] : []
  })
  return (await Promise.all(models)).flat()
}

/** Suffix of an incomplete model's folder. */
export const PARTIAL = '.partial'

/** Models with an incomplete download in our own store. */
export const partialModels = async (folder: string): Promise<ModelId[]> => {
  const owners = await directoriesIn(folder).catch(() => [])
  const models = owners.map(async (owner) => {
    const names = await readdir(join(folder, owner)).catch(() => [])
    return names.flatMap((name) => {
      const modelId = ModelId.safeParse(`${owner}/${name.slice(0, -PARTIAL.length)}`)
      return name.endsWith(PARTIAL) && modelId.success ? [modelId.data] : []
    })
  })
  return (await Promise.all(models)).flat()
}
