import { z } from 'zod'
import type { ModelId } from '@core/ids'
import type { HubModel } from '@core/protocols/models'
import { isModelFile } from '../inspection/model-files'
import { foundModels, type FoundModel } from './found-model'
import { demandHubModel, HubFileSize, LISTING_LIMIT, type HubFile, type HubListing } from './listing'
import type { HubRequests } from './requests'

/** The branch that ModelScope serves. */
const REVISION = 'master'

/** The hub silently truncates a file list at this many entries. */
const ENTRIES_PER_LIST = 3000

const Entry = z.object({
  Path: z.string().max(1000),
  /** `blob` or `tree`. */
  Type: z.string(),
  Size: HubFileSize,
  Sha256: z.string().nullish(),
})
type Entry = z.infer<typeof Entry>

const Listing = z.object({ Code: z.literal(200), Data: z.object({ Files: z.array(Entry).max(100_000) }) })

const fileOf = ({ Path: name, Size: size, Sha256 }: Entry): HubFile | undefined => {
  const hex = Sha256?.toLowerCase() ?? ''
  return /^[0-9a-f]{64}$/.test(hex) ? { name, size, digest: { kind: 'sha256', hex } } : undefined
}

const list = async (requests: HubRequests, modelId: ModelId, signal?: AbortSignal): Promise<HubListing> => {
  demandHubModel(modelId, requests.endpoint.host)
  const model = `/api/v1/models/${modelId}/repo`
  const entries = async (isRecursive: boolean): Promise<Entry[]> => {
    const query = new URLSearchParams({ Revision: REVISION, Recursive: isRecursive ? 'True' : 'False' })
    const path = `${model}/files?${query.toString()}`
    const listing = Listing.safeParse(await requests.json({ path, modelId, signal }, LISTING_LIMIT))
    if (!listing.success) throw requests.unexpectedAnswer('an invalid list of files', listing.error)
    return listing.data.Data.Files
  }
  const all = await entries(true)
  // A model with that many entries has them in subfolders; its model files are at the top level.
  const listed = all.length < ENTRIES_PER_LIST ? all : await entries(false)
  const blobs = listed.filter(({ Type }) => Type !== 'tree')
  const files = blobs
    .filter(({ Path }) => isModelFile(Path))
    .map((entry): HubFile => {
      const file = fileOf(entry)
      if (!file) throw requests.unexpectedAnswer(`no hash of ${entry.Path}`)
      return file
    })
  return {
    ...{ modelId, files, names: blobs.map(({ Path }) => Path) },
    pathOf: (name) => `${model}?${new URLSearchParams({ Revision: REVISION, FilePath: name }).toString()}`,
  }
}

const ANSWER_LIMIT = 4 * 1024 * 1024
const MOST_RESULTS = 40

const Search = z.object({ data: z.object({ models: z.array(z.unknown()).nullish() }) })

const Found = z.object({
  id: z.string(),
  downloads: z.number().int().nonnegative().max(1e15).optional().catch(undefined),
  gated: z.boolean().optional().catch(undefined),
})

const described = (entry: unknown): FoundModel | undefined => {
  const found = Found.safeParse(entry)
  if (!found.success) return undefined
  const { id, downloads, gated = false } = found.data
  return { id, downloads, gated, sizeBytes: undefined, bits: undefined, modelType: undefined }
}

const search = async (requests: HubRequests, words: string, signal?: AbortSignal): Promise<HubModel[]> => {
  const query = new URLSearchParams({ search: words, sort: 'downloads', page_number: '1' })
  query.set('page_size', String(MOST_RESULTS))
  query.set('filter.library', 'mlx')
  const answer = Search.safeParse(
    await requests.json({ path: `/openapi/v1/models?${query.toString()}`, signal }, ANSWER_LIMIT),
  )
  if (!answer.success) throw requests.unexpectedAnswer('no list of models', answer.error)
  return foundModels((answer.data.data.models ?? []).slice(0, MOST_RESULTS), described)
}

/**
 * The protocol of ModelScope. It names no commit, so files are requested by branch. If the branch changes during a
 * download, the hash does not match, and the next attempt starts with a new list.
 */
export const modelScope = { list, search }
