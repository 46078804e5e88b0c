import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BlockName, BlocksFolder, type ListedBlock } from '@core/protocols/prompt-blocks'

/** The on-disk prompt cache: a folder with one subfolder per model; 0 bytes disables it. */
export interface PromptCache {
  readonly directory: string
  readonly maxBytes: number
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])

/** Blocks of one model on this machine, the most recently used first. Others may remove files meanwhile. */
export const listBlocks = async (directory: string, folder: BlocksFolder): Promise<ListedBlock[]> => {
  const blocks: ListedBlock[] = []
  for (const name of await namesIn(join(directory, folder))) {
    if (!BlockName.safeParse(name).success) continue
    const found = await lstat(join(directory, folder, name)).catch(() => undefined)
    if (found?.isFile() === true) blocks.push({ name, size: found.size, usedAt: found.mtimeMs })
  }
  return blocks.sort((one, other) => other.usedAt - one.usedAt)
}

/** Bytes of the blocks of all models. */
export const usedBytes = async (directory: string): Promise<number> => {
  let bytes = 0
  for (const name of await namesIn(directory)) {
    const folder = BlocksFolder.safeParse(name).data
    for (const { size } of folder === undefined ? [] : await listBlocks(directory, folder)) bytes += size
  }
  return bytes
}

/** The number of tokens whose keys and values a block holds, from its name. */
export const tokensOf = (name: string): number => Number(/-(\d{1,3})s?\.safetensors$/.exec(name)?.[1] ?? 0)
