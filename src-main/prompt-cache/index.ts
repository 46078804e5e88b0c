/**
 * Copies computed prompts between machines: the public interface of this folder.
 *
 * In: the cache folder of this machine's runners, and streams to members that have blocks of a model. Out: files in that
 * folder, which the runner finds by itself.
 *
 * 1. Copying stops when computing is faster, when the disk or the cache is full, and when the node ends; the most recently
 *    used blocks come first (`block-fetcher.test.ts`).
 * 2. Other members can read only blocks, and symbolic links are not followed (`block-fetcher.test.ts`).
 */
export { BlockFetcher, type BlockFetcherOptions } from './block-fetcher'
export type { PromptCache } from './block-files'
export { sharing } from './sharing'
