import type { ModelCard } from '@core/placement/model-card'
import { architectureOf } from '../architectures'
import { readModelConfig } from '../model-config'
import { cardOf, tokenizerProblem, unknownArchitecture } from '../model-description'
import { isWeights } from '../model-files'
import { HubError } from './hub-error'
import { filePath, type HubListing } from './listing'
import type { HubRequests } from './requests'

/** Tokenizer configurations with thousands of added tokens are the largest of what is read. */
const JSON_LIMIT = 16 * 1024 * 1024

/** In what other formats a model comes that has no safetensors. */
const OTHER_FORMATS: readonly [RegExp, string][] = [
  [/\.gguf$/i, 'GGUF'],
  [/\.(?:bin|pt|pth|ckpt)$/i, 'PyTorch'],
  [/\.onnx$/i, 'ONNX'],
  [/\.npz$/i, 'NumPy'],
  [/\.safetensors$/i, 'safetensors under other names'],
]

/** Formats of quantization by other programs that mlx-lm cannot read. */
const FOREIGN_QUANTIZATION = /^(?:bitsandbytes|hqq|aqlm|quip|eetq|vptq|higgs|torchao|quanto|auto-round|autoround)$/

const unsupported = (modelId: string, why: string): HubError =>
  new HubError({
    code: 'hub_unsupported',
    message: `${modelId} cannot be run: ${why}`,
    hint: 'Search for an MLX version of it; most are under mlx-community.',
  })

/** The card of a model that lies on the hub only. Throws HubError, also for a model that could not be run. */
export const hubCard = async (requests: HubRequests, listing: HubListing, signal?: AbortSignal): Promise<ModelCard> => {
  const { modelId, files, names } = listing
  const read = async (name: string): Promise<unknown> => {
    const file = files.find((one) => one.name === name)
    if (!file) throw unsupported(modelId, `${name} is missing`)
    return requests.json({ path: filePath(listing, name), modelId, signal }, Math.min(JSON_LIMIT, file.size))
  }
  const weights = files.filter(({ name }) => isWeights(name))
  if (weights.length === 0) {
    const formats = OTHER_FORMATS.filter(([pattern]) => names.some((name) => pattern.test(name)))
    const only = formats.length === 0 ? '' : `, only ${formats.map(([, format]) => format).join(' and ')}`
    throw unsupported(modelId, `it has no safetensors weights${only}`)
  }
  const reading = readModelConfig(await read('config.json'))
  if (reading.status === 'refused') throw unsupported(modelId, reading.reason)
  const { shape } = reading
  if (!architectureOf(shape.modelType)) throw unsupported(modelId, unknownArchitecture(shape))
  if (shape.quantization !== undefined && FOREIGN_QUANTIZATION.test(shape.quantization))
    throw unsupported(modelId, `its weights are quantized by ${shape.quantization}, which mlx-lm cannot read`)
  const problem = await tokenizerProblem(
    files.map(({ name }) => name),
    read,
  )
  if (problem !== undefined) throw unsupported(modelId, problem)
  return cardOf(
    modelId,
    shape,
    weights.reduce((sum, { size }) => sum + size, 0),
  )
}
