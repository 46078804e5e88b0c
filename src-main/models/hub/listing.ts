import { z } from 'zod'
import type { ModelId } from '@core/ids'
import { coded } from '@core/texts/coded'
import { isModelFile } from '../model-files'
import type { Digest } from '../fetching/digest'
import { HubError } from './hub-error'
import type { HubRequests } from './requests'

const LISTING_LIMIT = 16 * 1024 * 1024
const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`))
const size = z.number().int().nonnegative().max(1e14)

const Sibling = z.object({
  rfilename: z.string().max(1000),
  size: size.optional(),
  blobId: hex(40).optional(),
  lfs: z.object({ sha256: hex(64), size }).nullish(),
})

const Listing = z.object({
  sha: hex(40),
  siblings: z.array(Sibling).max(100_000),
})

export interface HubFile {
  readonly name: string
  readonly size: number
  readonly digest: Digest
}

/** The files of a model at one commit. */
export interface HubListing {
  readonly modelId: ModelId
  readonly commit: string
  /** Files that belong to a model we can run. */
  readonly files: readonly HubFile[]
  /** Names of all files, to explain why those do not suffice. */
  readonly names: readonly string[]
}

/** Accepts `OWNER/NAME` only, because the id becomes part of a URL. */
export const isHubModel = (modelId: string): boolean => /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/.test(modelId)

const digestOf = ({ lfs, blobId }: z.infer<typeof Sibling>): Digest | undefined => {
  if (lfs) return { kind: 'sha256', hex: lfs.sha256 }
  return blobId === undefined ? undefined : { kind: 'git-blob', hex: blobId }
}

/** Lists a model's files. Names with slashes are skipped, except for settings of embedding steps. Throws HubError. */
export const listModel = async (requests: HubRequests, modelId: ModelId, signal?: AbortSignal): Promise<HubListing> => {
  if (!isHubModel(modelId)) {
    throw new HubError({
      code: 'hub_not_found',
      what: coded('downloads.hub.badName', { model: modelId, host: requests.endpoint.host }),
      hint: 'Such a name is OWNER/NAME, such as mlx-community/Qwen3-8B-4bit.',
    })
  }
  const path = `/api/models/${modelId}/revision/main?blobs=true`
  const listing = Listing.safeParse(await requests.json({ path, modelId, signal }, LISTING_LIMIT))
  if (!listing.success) throw requests.unexpectedAnswer('a list of files that cannot be read', listing.error)
  const { sha: commit, siblings } = listing.data
  const files = siblings
    .filter(({ rfilename }) => isModelFile(rfilename))
    .map((sibling): HubFile => {
      const digest = digestOf(sibling)
      const bytes = sibling.lfs?.size ?? sibling.size
      if (digest === undefined || bytes === undefined)
        throw requests.unexpectedAnswer(`no size or no hash of ${sibling.rfilename}`)
      return { name: sibling.rfilename, size: bytes, digest }
    })
  return { modelId, commit, files, names: siblings.map(({ rfilename }) => rfilename) }
}

/** URL path of a file's bytes. */
export const filePath = ({ modelId, commit }: HubListing, name: string): string =>
  `/${modelId}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`
