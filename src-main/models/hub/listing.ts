import { z } from 'zod'
import type { ModelId } from '@core/ids'
import { coded } from '@core/texts/coded'
import type { Digest } from '../fetching/digest'
import { HubError } from './hub-error'

/** Size limit of a file list, in bytes. */
export const LISTING_LIMIT = 16 * 1024 * 1024
/** Size of a file as a hub reports it. */
export const HubFileSize = z.number().int().nonnegative().max(1e14)

export interface HubFile {
  readonly name: string
  readonly size: number
  readonly digest: Digest
}

/** The files of a model at one moment. */
export interface HubListing {
  readonly modelId: ModelId
  /** Commit of the files; absent if the hub names none. */
  readonly commit?: string
  /** Files that belong to a model we can run. */
  readonly files: readonly HubFile[]
  /** Names of all files, to explain why those do not suffice. */
  readonly names: readonly string[]
  /** URL path of a file's bytes, with its query. */
  pathOf(name: string): string
}

/** Accepts `OWNER/NAME` only, because the id becomes part of a URL. */
export const isHubModel = (modelId: string): boolean => /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/.test(modelId)

/** @throws HubError unless the id is `OWNER/NAME` */
export const demandHubModel = (modelId: ModelId, host: string): void => {
  if (isHubModel(modelId)) return
  throw new HubError({
    code: 'hub_not_found',
    what: coded('downloads.hub.badName', { model: modelId, host }),
    hint: 'Expected OWNER/NAME, such as mlx-community/Qwen3-8B-4bit.',
  })
}
