import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelId } from '@core/ids'
import { FileParams, ModelParams } from '@core/protocols/peer'
import { isStepFile, listModelFiles } from '../model-files'
import { hexOf } from './digest'

/** A stream's window of these is 1 MB: what else the link carries is not held up for long, even where it is slow. */
const CHUNK_BYTES = 16 * 1024

/** Directories of the models on this machine. */
export type PathOf = (modelId: ModelId) => string | undefined

/** The file of a model that is really one of its files. Throws. */
const fileOf = async (pathOf: PathOf, params: unknown): Promise<{ path: string; offset: number }> => {
  const { modelId, name, offset } = FileParams.parse(params)
  const directory = pathOf(modelId)
  const files = directory === undefined ? undefined : await listModelFiles(directory)
  if (directory === undefined || !files?.some((file) => file.name === name))
    throw new Error(`${name} of ${modelId} is not on this machine`)
  return { path: join(directory, name), offset }
}

/** What other members may read of the models here: which files there are, their bytes from an offset, and their hashes. */
export const sharing = (
  pathOf: PathOf,
): [string, (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>][] => {
  const hashes = new Map<string, string>()
  return [
    [
      'model-files',
      async function* (params) {
        const { modelId } = ModelParams.parse(params)
        const directory = pathOf(modelId)
        const files = directory === undefined ? undefined : await listModelFiles(directory)
        if (!files) throw new Error(`${modelId} is not on this machine`)
        const listed = files.map(({ name, size }) => ({ name, size }))
        yield {
          files: listed.filter(({ name }) => !isStepFile(name)),
          steps: listed.filter(({ name }) => isStepFile(name)),
        }
      },
    ],
    [
      'model-file',
      async function* (params, signal) {
        const { path, offset } = await fileOf(pathOf, params)
        yield* createReadStream(path, { start: offset, highWaterMark: CHUNK_BYTES, signal })
      },
    ],
    [
      'model-hash',
      async function* (params) {
        const { path } = await fileOf(pathOf, params)
        const { size, mtimeMs } = await stat(path)
        const key = `${path} ${size} ${mtimeMs}`
        const sha256 = hashes.get(key) ?? (await hexOf(path, 'sha256'))
        hashes.set(key, sha256)
        yield { sha256 }
      },
    ],
  ]
}
