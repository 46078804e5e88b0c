import { createHash } from 'node:crypto'
import type { CatalogueModel } from '@core/protocols/control'
import { isReady } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { ModelCard } from '@core/placement/model-card'
import type { State } from '@core/state/state'
import { servedModels, type ServedModel } from '../served-models'

/** A model as it is on some machine's disk; undefined where no machine that is connected has it now. */
export type Found = CatalogueModel | undefined

/** A number that tells one model from another, as Ollama's digest of a manifest does; it is no hash of the files. */
const digestOf = (name: string, found: Found): string =>
  createHash('sha256')
    .update(JSON.stringify([found?.modelId ?? name, found?.card.storageBytes ?? 0]))
    .digest('hex')

const BITS = /^(\d+)-bit$/
const FORMATS: Readonly<Record<string, string>> = { mxfp4: 'MXFP4', bfloat16: 'BF16', float16: 'F16', float32: 'F32' }

/** `4-bit` → `Q4`, in the words of Ollama's clients. */
const quantizationLevel = (quantization: string | undefined): string => {
  const bits = quantization === undefined ? undefined : BITS.exec(quantization)?.[1]
  return bits === undefined ? (FORMATS[quantization ?? ''] ?? quantization ?? '') : `Q${bits}`
}

/** `135M`, as model's names give it: how many weights there are is in no file that is read before loading. */
const parameterSize = (name: string): string =>
  /(?:^|[-_])(\d+(?:\.\d+)?(?:x\d+(?:\.\d+)?)?[BM])(?:$|[-_])/i.exec(name)?.[1]?.toUpperCase() ?? ''

const detailsOf = (name: string, found: Found): object => {
  const family = found?.architecture ?? ''
  return {
    parent_model: '',
    format: 'safetensors',
    family,
    families: family === '' ? [] : [family],
    parameter_size: parameterSize(found?.modelId ?? name),
    quantization_level: quantizationLevel(found?.quantization),
  }
}

const modelHead = (name: string, found: Found): object => ({
  name,
  model: name,
  size: found?.card.storageBytes ?? 0,
  digest: digestOf(name, found),
  details: detailsOf(name, found),
})

/** `GET /api/tags`: one entry. */
export const toTag = ({ name, createdAt }: ServedModel, found: Found): object => ({
  ...modelHead(name, found),
  modified_at: new Date(createdAt).toISOString(),
})

/** What is kept running has no time at which it will be unloaded; Ollama says so with a date that nobody will see. */
const NEVER = '2318-01-01T00:00:00Z'

const contextOf = ({ maxContext }: Instance, card: ModelCard | undefined): number =>
  maxContext ?? card?.contextLength ?? 0

/** `GET /api/ps`: what is in memory, under each name that it can be asked for by. */
export const running = (state: State, find: (served: ServedModel) => Found): object[] => {
  const ready = Object.values(state.instances).filter((instance) => isReady(state, instance))
  return servedModels(state).flatMap((served) => {
    const instance = ready.find(({ modelId }) => modelId === served.modelId)
    if (!instance) return []
    const found = find(served)
    const claimed = Object.values(instance.claims).reduce((sum, bytes) => sum + bytes, 0)
    return [
      {
        ...modelHead(served.name, found),
        size: claimed,
        size_vram: claimed,
        expires_at: NEVER,
        context_length: contextOf(instance, found?.card),
      },
    ]
  })
}

/** `POST /api/show`: what the model is and can do. */
export const toShow = ({ name, createdAt }: ServedModel, found: Found): object => {
  const { card, architecture = 'unknown', abilities = [] } = found ?? {}
  return {
    modelfile: `# ${found?.modelId ?? name}, kept by Muster`,
    parameters: '',
    template: '',
    details: detailsOf(name, found),
    model_info: {
      'general.architecture': architecture,
      'general.basename': found?.title ?? name,
      ...(card && {
        [`${architecture}.block_count`]: card.layers,
        [`${architecture}.embedding_length`]: card.hiddenSize,
        [`${architecture}.attention.head_count_kv`]: card.kvHeads,
        ...(card.contextLength !== undefined && { [`${architecture}.context_length`]: card.contextLength }),
      }),
    },
    capabilities: ['completion', ...abilities],
    modified_at: new Date(createdAt).toISOString(),
  }
}
