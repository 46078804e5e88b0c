import { join } from 'node:path'
import { huggingFaceCache, huggingFaceModels, type Home } from './hugging-face-cache'
import { lmStudioFolders } from './lm-studio'
import type { Candidate } from './model-directory'
import { modelsByOwner } from './own-store'

export interface StoreOptions extends Home {
  readonly dataDir: string
}

export interface Found {
  /** What may be a model. Of two with the same id the first is taken: our own, then the Hugging Face cache. */
  readonly candidates: readonly Candidate[]
  /** Where new ones would appear. */
  readonly roots: readonly string[]
}

/** Our own models' folder: `<data-dir>/models/OWNER/NAME`. */
export const ownModels = (dataDir: string): string => join(dataDir, 'models')

/** Looks through all folders that models may lie in. Only the first is ours to change. */
export const findCandidates = async (options: StoreOptions): Promise<Found> => {
  const own = ownModels(options.dataDir)
  const cache = huggingFaceCache(options)
  const others = await lmStudioFolders(options.home)
  const found = await Promise.all([
    modelsByOwner(own, 'muster'),
    huggingFaceModels(cache),
    ...others.map((folder) => modelsByOwner(folder, 'lmstudio')),
  ])
  return { candidates: found.flat(), roots: [own, cache, ...others] }
}
