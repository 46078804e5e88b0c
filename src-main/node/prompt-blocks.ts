import { join } from 'node:path'
import type { NodeId } from '@core/ids'
import type { NodeSettings } from '@core/settings/node'
import { BlockFetcher, type BlockFetcherOptions, type PromptCache } from '../prompt-cache/index'

/** The on-disk prompt cache of this node, by its current settings. */
export const promptCacheOf =
  (dataDir: string, settings: () => Pick<NodeSettings, 'diskCacheGigabytes'>) => (): PromptCache => ({
    directory: join(dataDir, 'prompt-cache'),
    maxBytes: settings().diskCacheGigabytes * 1e9,
  })

export interface PromptBlocksParts extends Pick<BlockFetcherOptions, 'cache' | 'limit' | 'log'> {
  readonly links: { all(): readonly { readonly peer: NodeId }[]; readonly open: BlockFetcherOptions['open'] }
}

/** Copies computed prompts over the links. */
export const blockFetcher = ({ links, ...parts }: PromptBlocksParts): BlockFetcher =>
  new BlockFetcher({
    ...parts,
    peers: () => links.all().map(({ peer }) => peer),
    open: (...stream) => links.open(...stream),
  })
