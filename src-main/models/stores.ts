import { join } from 'node:path'
import { huggingFaceCache, huggingFaceModels, type Home } from './hugging-face-cache'
import { lmStudioFolders } from './lm-studio'
import type { Candidate } from './model-directory'
import { modelsByName, modelsByOwner } from './own-store'

export interface StoreOptions extends Home {
  readonly dataDir: string
  /** As people set them; the first is written to. */
  readonly folders?: readonly string[] | undefined
}

export interface Found {
  /** What may be a model. Of two with the same id the first is taken: our own, then the Hugging Face cache. */
  readonly candidates: readonly Candidate[]
  /** Where new ones would appear. */
  readonly roots: readonly string[]
}

/** Our own models' folder: `<data-dir>/models/OWNER/NAME`. */
export const ownModels = (dataDir: string): string => join(dataDir, 'models')

/** The folders of models, the one that is written to first. */
export const modelFolders = ({
  dataDir,
  folders = [],
}: Pick<StoreOptions, 'dataDir' | 'folders'>): [string, ...string[]] => {
  const [first = ownModels(dataDir), ...others] = new Set([...folders, ownModels(dataDir)])
  return [first, ...others]
}

/**
 * Looks through all folders that models may lie in, each in any of the layouts: `OWNER/NAME` (ours and LM Studio's),
 * `NAME` (what mlx-lm converts), `models--OWNER--NAME` (the Hugging Face cache). Only the first is ours to change.
 */
export const findCandidates = async (options: StoreOptions): Promise<Found> => {
  const own = modelFolders(options)
  const cache = huggingFaceCache(options)
  const others = await lmStudioFolders(options.home)
  const found = await Promise.all([
    ...own.map((folder) => modelsByOwner(folder, 'muster')),
    ...own.map((folder) => modelsByName(folder, 'muster')),
    ...own.map((folder) => huggingFaceModels(folder)),
    huggingFaceModels(cache),
    ...others.map((folder) => modelsByOwner(folder, 'lmstudio')),
  ])
  return { candidates: found.flat(), roots: [...own, cache, ...others] }
}
