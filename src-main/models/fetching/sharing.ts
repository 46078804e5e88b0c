import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelId } from '@core/ids'
import { FileParams, ModelParams } from '@core/protocols/peer'
import { isStepFile, listModelFiles } from '../inspection/model-files'
import { hexOf } from './digest'

/** Keeps a stream's window at 1 MB, so that other traffic on a slow link is not delayed for long. */
const CHUNK_BYTES = 16 * 1024

/** Folder of a model on this machine. */
export type PathOf = (modelId: ModelId) => string | undefined

/** Resolves a request to one of the model's files, checking the name. Throws if it is none. */
const fileOf = async (pathOf: PathOf, params: unknown): Promise<{ path: string; offset: number }> => {
  const { modelId, name, offset } = FileParams.parse(params)
  const directory = pathOf(modelId)
  const files = directory === undefined ? undefined : await listModelFiles(directory)
  if (directory === undefined || !files?.some((file) => file.name === name))
    throw new Error(`${name} of ${modelId} is not on this machine`)
  return { path: join(directory, name), offset }
}

/** Streams that serve other members the models of this machine: list of files, bytes from an offset, and hashes. */
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
      async function* (params, signal) {
        const { path } = await fileOf(pathOf, params)
        const { size, mtimeMs } = await stat(path)
        const key = `${path} ${size} ${mtimeMs}`
        const sha256 = hashes.get(key) ?? (await hexOf(path, 'sha256', signal))
        hashes.set(key, sha256)
        yield { sha256 }
      },
    ],
  ]
}
