import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { huggingFaceCache, huggingFaceModels, type Home } from './hugging-face-cache'
import { lmStudioFolders } from './lm-studio'
import type { Candidate } from './candidate'
import { modelScopeFolders, modelScopeModels } from './model-scope-cache'
import { modelsByName, modelsByOwner } from './own-store'

export interface StoreOptions extends Home {
  readonly dataDir: string
  /** Model folders from the settings. The first is written to; the others are only read. */
  readonly folders?: readonly string[] | undefined
}

export interface Found {
  /** Possible models. Of two with the same id the first is used: our own store before the Hugging Face cache. */
  readonly candidates: readonly Candidate[]
  /** Folders where new models may appear. */
  readonly roots: readonly string[]
}

/** Our own store: `<data-dir>/models/OWNER/NAME`. */
export const ownModels = (dataDir: string): string => join(dataDir, 'models')

/** All model folders, the writable one first. */
export const modelFolders = ({
  dataDir,
  folders = [],
}: Pick<StoreOptions, 'dataDir' | 'folders'>): [string, ...string[]] => {
  const [first = ownModels(dataDir), ...others] = new Set([...folders, ownModels(dataDir)])
  return [first, ...others]
}

/**
 * The model folders in whose place is something else: a file, or a link to a disk that is not mounted. Nothing is found
 * or saved there. A folder that does not exist yet is none of them.
 */
export const unusableFolders = async (
  options: Pick<StoreOptions, 'dataDir' | 'folders'>,
): Promise<readonly string[]> => {
  const checked = modelFolders(options).map(async (folder) => {
    const isThere = await lstat(folder).then(
      () => true,
      () => false,
    )
    const isFolder = await stat(folder).then(
      (entry) => entry.isDirectory(),
      () => false,
    )
    return isThere && !isFolder ? [folder] : []
  })
  return (await Promise.all(checked)).flat()
}

/**
 * Finds model folders in all stores and layouts: `OWNER/NAME` (ours and LM Studio's), `NAME` (mlx-lm conversions),
 * `models--OWNER--NAME` (Hugging Face cache), `OWNER/NA___ME` (ModelScope's cache). Only the first store is written.
 */
export const findCandidates = async (options: StoreOptions): Promise<Found> => {
  const own = modelFolders(options)
  const cache = huggingFaceCache(options)
  const others = await lmStudioFolders(options.home)
  const scope = modelScopeFolders(options)
  const found = await Promise.all([
    ...own.map((folder) => modelsByOwner(folder, 'muster')),
    ...own.map((folder) => modelsByName(folder, 'muster')),
    ...own.map((folder) => huggingFaceModels(folder)),
    huggingFaceModels(cache),
    ...others.map((folder) => modelsByOwner(folder, 'lmstudio')),
    ...scope.map(modelScopeModels),
  ])
  return { candidates: found.flat(), roots: [...own, cache, ...others, ...scope] }
}
