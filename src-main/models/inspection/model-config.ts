import { z } from 'zod'
import { canonicalModelType } from './architectures'
import { valueText } from './model-json'

/** Facts about a model from config.json; sizes as in ModelCard. */
export interface ModelShape {
  readonly modelType: string
  readonly layers: number
  readonly hiddenSize: number
  readonly kvHeads: number
  readonly headDim?: number
  readonly contextLength?: number
  /** `4-bit`, `mxfp4`, `bfloat16`. */
  readonly quantization?: string
}

export type ConfigReading =
  { readonly status: 'read'; readonly shape: ModelShape } | { readonly status: 'refused'; readonly reason: string }

// Files are untrusted: a value of the wrong type counts as absent.
const count = z.number().int().positive().max(1e9).optional().catch(undefined)
const text = z.string().min(1).max(100).optional().catch(undefined)
/** A number, or one per layer (OpenELM, Nemotron). The largest counts, because memory is reserved for it. */
const countPerLayer = z
  .union([z.number(), z.array(z.number().nullable())])
  .transform((value) => [value].flat().reduce<number>((most, one) => Math.max(most, one ?? 0), 0))
  .pipe(z.number().int().positive().max(1e9))
  .optional()
  .catch(undefined)

/** Field names that architectures use for the same size, the most common first. */
const Sizes = z.object({
  num_hidden_layers: count,
  num_layers: count,
  n_layers: count,
  n_layer: count,
  num_transformer_layers: count,
  hidden_size: count,
  n_embd: count,
  d_model: count,
  model_dim: count,
  dim: count,
  num_attention_heads: countPerLayer,
  n_heads: count,
  n_head: count,
  num_query_heads: countPerLayer,
  num_key_value_heads: countPerLayer,
  num_kv_heads: countPerLayer,
  num_attention_groups: count,
  multi_query: z.boolean().optional().catch(undefined),
  attn_config: z.object({ kv_n_heads: count }).optional().catch(undefined),
  head_dim: count,
  kv_channels: count,
  kv_lora_rank: count,
  qk_rope_head_dim: count,
  qk_nope_head_dim: count,
  v_head_dim: count,
  max_position_embeddings: count,
  n_positions: count,
  max_seq_len: count,
  seq_length: count,
  model_max_length: count,
})
type Sizes = z.infer<typeof Sizes>

const Quantization = z.looseObject({ bits: count, mode: text, quant_method: text }).optional().catch(undefined)

const Config = z.looseObject({
  model_type: z.string().min(1).max(100),
  text_config: z.unknown().optional(),
  language_config: z.unknown().optional(),
  llm_config: z.unknown().optional(),
  quantization: Quantization,
  quantization_config: Quantization,
  torch_dtype: text,
  dtype: text,
})
type Config = z.infer<typeof Config>

const quantizationOf = ({
  quantization,
  quantization_config: foreign,
  torch_dtype,
  dtype,
}: Config): string | undefined => {
  const own = quantization ?? foreign
  if (own?.mode !== undefined && own.mode !== 'affine') return own.mode
  if (own?.bits !== undefined) return `${own.bits}-bit`
  return own?.quant_method ?? torch_dtype ?? dtype
}

/** Architectures with compressed weights whose KV cache mlx-lm stores uncompressed. */
const CACHES_WHOLE_KEYS: ReadonlySet<string> = new Set(['deepseek_v2', 'minicpm3', 'youtu_llm'])

/**
 * The head size for which `2 × kvHeads × headDim` is the number of values cached per token and layer. Latent attention
 * caches one compressed vector for all heads, or full keys and values of unequal sizes.
 */
const latentHeadDim = (modelType: string, kvHeads: number, sizes: Sizes): number | undefined => {
  const { kv_lora_rank: rank, qk_rope_head_dim: rope, qk_nope_head_dim: nope, v_head_dim: value } = sizes
  if (rank === undefined || rope === undefined) return undefined
  if (!CACHES_WHOLE_KEYS.has(modelType)) return Math.ceil((rank + rope) / (2 * kvHeads))
  return nope === undefined || value === undefined ? undefined : Math.ceil((nope + rope + value) / 2)
}

/** Encoders that reserve positions 0 and 1 for padding. */
const BEGINS_AFTER_PADDING: ReadonlySet<string> = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet'])

const wholeOrNothing = (value: number): number | undefined => (Number.isInteger(value) ? value : undefined)

const shapeOf = (config: Config, sizes: Sizes): ModelShape | undefined => {
  const layers =
    sizes.num_hidden_layers ?? sizes.num_layers ?? sizes.n_layers ?? sizes.n_layer ?? sizes.num_transformer_layers
  const hiddenSize = sizes.hidden_size ?? sizes.n_embd ?? sizes.d_model ?? sizes.model_dim ?? sizes.dim
  if (layers === undefined || hiddenSize === undefined) return undefined
  const modelType = canonicalModelType(config.model_type)
  const heads = sizes.num_attention_heads ?? sizes.n_heads ?? sizes.n_head ?? sizes.num_query_heads
  const kvHeads =
    sizes.num_key_value_heads ??
    sizes.num_kv_heads ??
    sizes.num_attention_groups ??
    sizes.attn_config?.kv_n_heads ??
    (sizes.multi_query === true ? 1 : heads) ??
    1
  const headDim =
    latentHeadDim(modelType, kvHeads, sizes) ??
    sizes.head_dim ??
    sizes.kv_channels ??
    (heads === undefined ? undefined : wholeOrNothing(hiddenSize / heads))
  const positions =
    sizes.max_position_embeddings ??
    sizes.n_positions ??
    sizes.max_seq_len ??
    sizes.seq_length ??
    sizes.model_max_length
  const contextLength =
    positions !== undefined && BEGINS_AFTER_PADDING.has(modelType) ? Math.max(1, positions - 2) : positions
  const quantization = quantizationOf(config)
  return {
    modelType,
    layers,
    hiddenSize,
    kvHeads,
    ...(headDim === undefined ? {} : { headDim }),
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(quantization === undefined ? {} : { quantization }),
  }
}

const LAYERS = ['num_hidden_layers', 'num_layers', 'n_layers', 'n_layer', 'num_transformer_layers'] as const
const WIDTHS = ['hidden_size', 'n_embd', 'd_model', 'model_dim', 'dim'] as const

/** Explains which required size is wrong or missing. */
const noShape = (parts: readonly unknown[]): string => {
  const given = (names: readonly string[]): [string, unknown][] =>
    parts.flatMap((part) =>
      Object.entries(part ?? {}).filter(([name, value]) => names.includes(name) && !count.parse(value)),
    )
  const [wrong] = [...given(LAYERS), ...given(WIDTHS)]
  if (wrong) return `config.json: ${wrong[0]} is ${valueText(wrong[1])}, expected a whole number above 0`
  return (
    'config.json does not tell how many layers the model has and how wide they are: ' +
    'num_hidden_layers and hidden_size are missing'
  )
}

const noModelType = (json: unknown): string => {
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return `config.json is ${valueText(json)}, expected an object with the model's description`
  if ('_class_name' in json || !('model_type' in json))
    return 'config.json names no model_type: it does not describe a language model'
  return `config.json: model_type is ${valueText(json.model_type)}, expected the name of an architecture, such as "llama"`
}

/** Reads a parsed config.json. Multimodal models have their language part in a field of its own. */
export const readModelConfig = (json: unknown): ConfigReading => {
  const config = Config.safeParse(json)
  if (!config.success) return { status: 'refused', reason: noModelType(json) }
  const { text_config, language_config, llm_config } = config.data
  for (const part of [json, text_config, language_config, llm_config]) {
    const sizes = Sizes.safeParse(part)
    const shape = sizes.success ? shapeOf(config.data, sizes.data) : undefined
    if (shape) return { status: 'read', shape }
  }
  return { status: 'refused', reason: noShape([json, text_config, language_config, llm_config]) }
}
