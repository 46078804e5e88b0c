import { z } from 'zod'
import type { ModelId } from '@core/ids'
import type { HubModel } from '@core/protocols/models'
import type { Digest } from '../fetching/digest'
import { isModelFile } from '../inspection/model-files'
import { foundModels, type FoundModel } from './found-model'
import { demandHubModel, HubFileSize, LISTING_LIMIT, type HubFile, type HubListing } from './listing'
import type { HubRequests } from './requests'

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`))

const Sibling = z.object({
  rfilename: z.string().max(1000),
  size: HubFileSize.optional(),
  blobId: hex(40).optional(),
  lfs: z.object({ sha256: hex(64), size: HubFileSize }).nullish(),
})

const Listing = z.object({
  sha: hex(40),
  siblings: z.array(Sibling).max(100_000),
})

const digestOf = ({ lfs, blobId }: z.infer<typeof Sibling>): Digest | undefined => {
  if (lfs) return { kind: 'sha256', hex: lfs.sha256 }
  return blobId === undefined ? undefined : { kind: 'git-blob', hex: blobId }
}

const list = async (requests: HubRequests, modelId: ModelId, signal?: AbortSignal): Promise<HubListing> => {
  demandHubModel(modelId, requests.endpoint.host)
  const path = `/api/models/${modelId}/revision/main?blobs=true`
  const listing = Listing.safeParse(await requests.json({ path, modelId, signal }, LISTING_LIMIT))
  if (!listing.success) throw requests.unexpectedAnswer('an invalid list of files', listing.error)
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
  return {
    ...{ modelId, commit, files, names: siblings.map(({ rfilename }) => rfilename) },
    pathOf: (name) => `/${modelId}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`,
  }
}

const ANSWER_LIMIT = 16 * 1024 * 1024

const count = z.number().int().nonnegative().max(1e15).optional().catch(undefined)

const Found = z.object({
  id: z.string(),
  downloads: count,
  gated: z.union([z.boolean(), z.string()]).optional().catch(undefined),
  config: z
    .object({
      model_type: z.string().max(100).optional().catch(undefined),
      quantization_config: z.object({ bits: count }).optional().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  safetensors: z
    .object({ parameters: z.record(z.string(), z.number().nonnegative()) })
    .nullish()
    .catch(undefined),
})
type Found = z.infer<typeof Found>

/** Bytes per value from a type's digits: `F8_E4M3` → 1. */
const bytesOfType = (type: string): number | undefined => {
  const bits = /^(?:BF|F|I|U)(\d+)/.exec(type)?.[1]
  return type === 'BOOL' ? 1 : bits === undefined ? undefined : Number(bits) / 8
}

/** Size of the weights in bytes, from the hub's count of values per type. */
const sizeOf = ({ safetensors }: Found): number | undefined => {
  if (!safetensors) return undefined
  let sum = 0
  for (const [type, values] of Object.entries(safetensors.parameters)) {
    const bytes = bytesOfType(type)
    if (bytes === undefined) return undefined
    sum += values * bytes
  }
  return sum === 0 ? undefined : Math.round(sum)
}

const described = (found: Found): FoundModel => ({
  ...{ id: found.id, downloads: found.downloads, sizeBytes: sizeOf(found) },
  ...{ bits: found.config?.quantization_config?.bits, modelType: found.config?.model_type },
  gated: found.gated !== undefined && found.gated !== false,
})

const MOST_RESULTS = 40

const search = async (requests: HubRequests, words: string, signal?: AbortSignal): Promise<HubModel[]> => {
  const query = new URLSearchParams({ search: words, filter: 'mlx', sort: 'downloads', limit: String(MOST_RESULTS) })
  for (const field of ['config', 'downloads', 'gated', 'safetensors']) query.append('expand', field)
  const answer = await requests.json({ path: `/api/models?${query.toString()}`, signal }, ANSWER_LIMIT)
  if (!Array.isArray(answer)) throw requests.unexpectedAnswer('no list of models')
  return foundModels(answer.slice(0, MOST_RESULTS), (one) => {
    const found = Found.safeParse(one)
    return found.success ? described(found.data) : undefined
  })
}

/** The protocol of Hugging Face's hub and its mirrors. */
export const huggingFace = { list, search }
