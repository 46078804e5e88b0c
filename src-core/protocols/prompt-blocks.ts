import { z } from 'zod'

/** A model's folder in the prompt cache: a hash of everything that its keys and values depend on. */
export const BlocksFolder = z
  .string()
  .regex(/^[0-9a-f]{2,64}$/)
  .brand('BlocksFolder')
export type BlocksFolder = z.infer<typeof BlocksFolder>
/**
 * A file in it: the parent's key, the block's key, its number of tokens, and `s` if it has states. Keys are whole bytes,
 * because runners read them as such.
 */
export const BlockName = z.string().regex(/^(?:[0-9a-f]{2}){1,32}-[0-9a-f]{32}-\d{1,3}s?\.safetensors$/)
/** Most blocks in an answer. */
export const MAX_LISTED_BLOCKS = 20_000
/** Asks which blocks of a model's prompt cache a machine has. One answer. Unknown to older machines. */
export const BlocksParams = z.object({ folder: BlocksFolder })
/** Sizes in bytes; `usedAt` in milliseconds since 1970. */
const ListedBlock = z.object({
  name: BlockName,
  size: z.number().int().nonnegative(),
  usedAt: z.number().nonnegative(),
})
export type ListedBlock = z.infer<typeof ListedBlock>
/** The most recently used first. */
export const BlockList = z.object({ blocks: z.array(ListedBlock).max(MAX_LISTED_BLOCKS) })
export type BlockList = z.infer<typeof BlockList>
/** Asks for the bytes of one of these blocks. */
export const BlockParams = z.object({ folder: BlocksFolder, name: BlockName })
