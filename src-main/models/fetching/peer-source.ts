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

/** The first bytes of a stream; whoever sends more is not listened to any longer. */
async function* firstBytes(items: AsyncIterable<unknown>, most: number): AsyncGenerator<Uint8Array> {
  let left = most
  for await (const item of items) {
    if (!(item instanceof Uint8Array)) throw new Error('it sent something else than a file')
    yield item.subarray(0, left)
    left -= item.length
    if (left <= 0) return
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
    connections: 1,
    offer: async (asking) => {
      const { files, steps = [] } = FileList.parse(await ask('model-files', { modelId }, asking))
      return {
        // Another version there may count more among them.
        files: [...files, ...steps].filter((file) => isModelFile(file.name)),
        read: (file, { from, to }, signal) =>
          Promise.resolve({
            isWhole: false,
            bytes: firstBytes(open('model-file', { modelId, name: file.name, offset: from }, signal), to - from),
          }),
        digestKind: () => 'sha256',
        digest: async (file, signal) => {
          const answer = await ask('model-hash', { modelId, name: file.name, offset: 0 }, signal)
          return { kind: 'sha256', hex: FileHash.parse(answer).sha256 }
        },
      }
    },
  }
}
