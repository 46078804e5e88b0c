import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { BlockParams, BlocksParams, MAX_LISTED_BLOCKS, type BlockList } from '@core/protocols/prompt-blocks'
import { listBlocks, type PromptCache } from './block-files'

/** Keeps a stream's window at 1 MB, so that other traffic on a slow link is not delayed for long. */
const CHUNK_BYTES = 16 * 1024

export const LIST_STREAM = 'prompt-blocks'
export const BLOCK_STREAM = 'prompt-block'

/** Streams that serve other members the blocks of this machine's prompt cache. */
export const sharing = (
  cache: () => PromptCache,
): [string, (params: unknown, signal: AbortSignal) => AsyncIterable<unknown>][] => [
  [
    LIST_STREAM,
    async function* (params) {
      const { folder } = BlocksParams.parse(params)
      const { directory, maxBytes } = cache()
      const blocks = maxBytes > 0 ? await listBlocks(directory, folder) : []
      yield { blocks: blocks.slice(0, MAX_LISTED_BLOCKS) } satisfies BlockList
    },
  ],
  [
    BLOCK_STREAM,
    async function* (params, signal) {
      const { folder, name } = BlockParams.parse(params)
      const path = join(cache().directory, folder, name)
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
      yield* file.createReadStream({ highWaterMark: CHUNK_BYTES, signal })
    },
  ],
]
