import { link, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelId } from '@core/ids'
import { makeBelow } from '../disk/below'
import { replaceFile } from '../disk/replace-file'

/** A model in our own store with its identity on the hub. */
export interface SharedModel {
  readonly modelId: ModelId
  readonly directory: string
  /** Commit of its files. */
  readonly revision: string
  /** Each with its hash, which names the content on the hub. */
  readonly files: readonly { readonly name: string; readonly hex: string }[]
}

const unlessThere = async (made: Promise<void>): Promise<void> => {
  await made.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

/**
 * Adds a model to the Hugging Face cache without a copy: blobs are hard links to our files, and snapshot entries link
 * to the blobs as `huggingface_hub` writes them. Either side may delete its names; the bytes go with the last one.
 * Idempotent.
 *
 * @throws OutsideError if a path in the cache contains a symbolic link; and file system errors, such as EXDEV if the
 * cache is on another disk
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
