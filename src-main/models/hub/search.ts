import { z } from 'zod'
import { ModelId } from '@core/ids'
import type { HubModel } from '@core/protocols/models'
import { coded } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { architectureOf } from '../architectures'
import { titleOf } from '../model-description'
import { isHubModel } from './listing'
import type { HubRequests } from './requests'

const MOST_RESULTS = 40
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

const quantizationOf = ({ id, config }: Found): string | undefined => {
  const bits = config?.quantization_config?.bits ?? /-(\d+)bit\b/i.exec(id)?.[1]
  return bits === undefined ? undefined : `${bits}-bit`
}

const described = (found: Found): HubModel[] => {
  const modelId = ModelId.safeParse(found.id)
  if (!modelId.success || !isHubModel(found.id)) return []
  const type = found.config?.model_type
  const sizeBytes = sizeOf(found)
  const quantization = quantizationOf(found)
  return [
    {
      modelId: modelId.data,
      title: titleOf(modelId.data),
      gated: found.gated !== undefined && found.gated !== false,
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(quantization !== undefined && { quantization }),
      ...(found.downloads !== undefined && { downloads: found.downloads }),
      ...(type !== undefined && !architectureOf(type) && unknownArchitecture(type)),
    },
  ]
}

const unknownArchitecture = (type: string): Pick<HubModel, 'problem' | 'coded'> => {
  const why = coded('downloads.hub.unknownArchitecture', { type })
  return { problem: inEnglish(why), coded: why }
}

/** Searches MLX models on the hub, most downloaded first. Throws HubError. */
export const searchHub = async (requests: HubRequests, words: string, signal?: AbortSignal): Promise<HubModel[]> => {
  const query = new URLSearchParams({ search: words, filter: 'mlx', sort: 'downloads', limit: String(MOST_RESULTS) })
  for (const field of ['config', 'downloads', 'gated', 'safetensors']) query.append('expand', field)
  const answer = await requests.json({ path: `/api/models?${query.toString()}`, signal }, ANSWER_LIMIT)
  if (!Array.isArray(answer)) throw requests.unexpectedAnswer('no list of models')
  // Skips entries that cannot be read.
  return answer.slice(0, MOST_RESULTS).flatMap((one) => {
    const found = Found.safeParse(one)
    return found.success ? described(found.data) : []
  })
}
