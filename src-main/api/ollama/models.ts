import { createHash } from 'node:crypto'
import { idleUntil } from '@core/state/idleness'
import { isReady } from '@core/state/bindings'
import type { Instance } from '@core/state/instances'
import type { ModelCard } from '@core/placement/model-card'
import { temporaryOf } from '@core/state/scheduling'
import type { State } from '@core/state/state'
import type { Found } from '../model-finder'
import type { ServedModel } from '../served-models'

/** A stable identifier in the format of Ollama's manifest digest; not a hash of the files. */
const digestOf = (name: string, found: Found): string =>
  createHash('sha256')
    .update(JSON.stringify([found?.modelId ?? name, found?.card.storageBytes ?? 0]))
    .digest('hex')

const MS_PER_SECOND = 1000

const BITS = /^(\d+)-bit$/
const FORMATS: Readonly<Record<string, string>> = { mxfp4: 'MXFP4', bfloat16: 'BF16', float16: 'F16', float32: 'F32' }

/** `4-bit` → `Q4`, as Ollama clients expect. */
const quantizationLevel = (quantization: string | undefined): string => {
  const bits = quantization === undefined ? undefined : BITS.exec(quantization)?.[1]
  return bits === undefined ? (FORMATS[quantization ?? ''] ?? quantization ?? '') : `Q${bits}`
}

/** `135M`, taken from the model's name: no file read before loading gives the number of weights. */
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

/** A model that is always on is never unloaded; Ollama represents that by a date far in the future. */
const NEVER = '2318-01-01T00:00:00Z'

/** When it will be unloaded: the idle deadline of an idle model loaded on request; otherwise its idle time from now. */
const expiresAt = (state: State, { metaInstanceId }: Instance): string => {
  const metaInstance = metaInstanceId && state.metaInstances[metaInstanceId]
  const idleSeconds = metaInstance && temporaryOf(metaInstance)?.idleSeconds
  if (!metaInstance || metaInstance.pinned || idleSeconds === undefined) return NEVER
  const soonest = state.lastEventAt + idleSeconds * MS_PER_SECOND
  const until = new Date(idleUntil(state, metaInstance, { deadlinesBegan: 0 }) ?? soonest)
  return until.getTime() < Date.parse(NEVER) ? until.toISOString() : NEVER
}

const contextOf = ({ maxContext }: Instance, card: ModelCard | undefined): number =>
  Math.min(maxContext ?? Infinity, card?.contextLength ?? maxContext ?? 0)

/** `GET /api/ps`: the models in memory, one entry per name. */
export const running = (state: State, models: readonly ServedModel[], find: (served: ServedModel) => Found): object[] =>
  models.flatMap((served) => {
    const instance = served.target.instances.find((one) => isReady(state, one))
    if (!instance) return []
    const found = find(served)
    const claimed = Object.values(instance.claims).reduce((sum, bytes) => sum + bytes, 0)
    return [
      {
        ...modelHead(served.name, found),
        size: claimed,
        size_vram: claimed,
        expires_at: expiresAt(state, instance),
        context_length: contextOf(instance, found?.card),
      },
    ]
  })

/** `POST /api/show`: details and capabilities of a model. */
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
    capabilities:
      card?.kind === 'embedding' ? ['embedding'] : ['completion', ...abilities, ...(card?.vision ? ['vision'] : [])],
    modified_at: new Date(createdAt).toISOString(),
  }
}
