import type { ModelId } from '@core/ids'
import { FileHash, FileList } from '@core/protocols/peer'
import { coded } from '@core/texts/coded'
import { CodedError } from '@core/texts/coded-error'
import { isModelFile } from '../inspection/model-files'
import type { Source } from './source'

export interface PeerSourceOptions {
  readonly modelId: ModelId
  /** The machine's name, as shown to users. */
  readonly name: string
  /** Opens a stream to that machine. */
  readonly open: (kind: string, params: unknown, signal: AbortSignal) => AsyncIterable<unknown>
}

/** Yields the first `most` bytes of a stream, then closes it. */
async function* firstBytes(items: AsyncIterable<unknown>, most: number): AsyncGenerator<Uint8Array> {
  let left = most
  for await (const item of items) {
    if (!(item instanceof Uint8Array)) throw new CodedError(coded('downloads.source.notAFile'))
    yield item.subarray(0, left)
    left -= item.length
    if (left <= 0) return
  }
}

/** A model on another member of the cluster; `sharing.ts` is the serving side. */
export const peerSource = ({ modelId, name, open }: PeerSourceOptions): Source => {
  const ask = async (kind: string, params: unknown, signal: AbortSignal): Promise<unknown> => {
    for await (const item of open(kind, params, signal)) return item
    throw new CodedError(coded('downloads.source.silent'))
  }
  return {
    name,
    // Parallel requests would share one link.
    connections: 1,
    offer: async (asking) => {
      const { files, steps = [] } = FileList.parse(await ask('model-files', { modelId }, asking))
      return {
        // Filtered here too: another version may offer other files.
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
