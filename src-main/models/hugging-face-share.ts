import { link, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelId } from '@core/ids'
import { makeBelow } from '../disk/below'
import { replaceFile } from '../disk/replace-file'

/** A model as it lies in our own folder, and what the hub calls it. */
export interface SharedModel {
  readonly modelId: ModelId
  readonly directory: string
  /** The commit that its files are of. */
  readonly revision: string
  /** With the names that the hub gives their contents. */
  readonly files: readonly { readonly name: string; readonly hex: string }[]
}

const unlessThere = async (made: Promise<void>): Promise<void> => {
  await made.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

/**
 * Puts a model into the cache of Hugging Face's programs without a copy: each blob is a second name (hard link) of our
 * file, the snapshot's names lead to the blobs as `huggingface_hub` writes them. Either side may delete its names; the
 * bytes go with the last. Does nothing twice.
 *
 * @throws OutsideError where a link lies on the way in the cache; and what the disk says, such as EXDEV where the cache
 *   is on another disk
 */
export const shareWithHuggingFace = async (cache: string, model: SharedModel): Promise<void> => {
  const { modelId, directory, revision, files } = model
  const repository = `models--${modelId.replace('/', '--')}`
  const blobs = await makeBelow(cache, [repository, 'blobs'])
  const snapshot = await makeBelow(cache, [repository, 'snapshots', revision])
  for (const { name, hex } of files) {
    const [file = name, folder] = name.split('/').reverse()
    const holder = folder === undefined ? snapshot : await makeBelow(cache, [repository, 'snapshots', revision, folder])
    await unlessThere(link(join(directory, name), join(blobs, hex)))
    const up = folder === undefined ? ['..', '..'] : ['..', '..', '..']
    await unlessThere(symlink(join(...up, 'blobs', hex), join(holder, file)))
    await stat(join(holder, file))
  }
  await makeBelow(cache, [repository, 'refs'])
  await replaceFile(join(cache, repository, 'refs', 'main'), revision)
}
