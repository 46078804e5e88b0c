import type { ModelId } from '@core/ids'
import { FileHash, FileList } from '@core/protocols/peer'
import { isModelFile } from '../model-files'
import type { Source } from './source'

export interface PeerSourceOptions {
  readonly modelId: ModelId
  /** The machine's name. */
  readonly name: string
  /** Opens a stream of that machine. */
  readonly open: (kind: string, params: unknown, signal: AbortSignal) => AsyncIterable<unknown>
}

async function* onlyBytes(items: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const item of items) {
    if (!(item instanceof Uint8Array)) throw new Error('it sent something else than a file')
    yield item
  }
}

/** A model as another member of the cluster has it (`sharing.ts` is its side). */
export const peerSource = ({ modelId, name, open }: PeerSourceOptions): Source => {
  const ask = async (kind: string, params: unknown, signal: AbortSignal): Promise<unknown> => {
    for await (const item of open(kind, params, signal)) return item
    throw new Error('it gave no answer')
  }
  return {
    name,
    // They would share one link.
    filesAtOnce: 1,
    offer: async (asking) => {
      const { files, steps = [] } = FileList.parse(await ask('model-files', { modelId }, asking))
      return {
        // Another version there may count more among them.
        files: [...files, ...steps].filter((file) => isModelFile(file.name)),
        read: (file, offset, signal) =>
          Promise.resolve({
            from: offset,
            bytes: onlyBytes(open('model-file', { modelId, name: file.name, offset }, signal)),
          }),
        digest: async (file, signal) => {
          const answer = await ask('model-hash', { modelId, name: file.name, offset: 0 }, signal)
          return { kind: 'sha256', hex: FileHash.parse(answer).sha256 }
        },
      }
    },
  }
}
