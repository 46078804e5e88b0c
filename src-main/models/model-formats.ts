import { isModelFile } from './model-files'

/** In what other formats a model comes that has no safetensors. */
const OTHER_FORMATS: readonly [RegExp, string][] = [
  [/\.gguf$/i, 'GGUF'],
  [/\.(?:bin|pt|pth|ckpt)$/i, 'PyTorch'],
  [/\.onnx$/i, 'ONNX'],
  [/\.npz$/i, 'NumPy'],
  [/\.safetensors$/i, 'safetensors under other names'],
]

const isAdapter = (name: string): boolean =>
  /^adapter_(?:config\.json|model\.\w+)$|^adapters\.(?:safetensors|npz)$/.test(name)

/** `GGUF`, `PyTorch and ONNX`: the formats of files by these names, none of which mlx-lm reads. */
export const otherFormats = (names: readonly string[]): string | undefined => {
  const formats = OTHER_FORMATS.filter(([pattern]) => names.some((name) => pattern.test(name)))
  return formats.length === 0 ? undefined : formats.map(([, format]) => format).join(' and ')
}

/** What a folder without a model's weights holds instead, by all names in it; undefined where that is nothing known. */
export const insteadOfWeights = (names: readonly string[]): string | undefined => {
  const adapter = names.find(isAdapter)
  if (adapter !== undefined)
    return `model.safetensors is missing: the folder holds a LoRA adapter (${adapter}), which changes a model and is none; merge it into its model with mlx_lm.fuse`
  const formats = otherFormats(names.filter((name) => !isModelFile(name)))
  return formats === undefined
    ? undefined
    : `model.safetensors is missing: the folder has weights only as ${formats}, and MLX reads safetensors; use a version of the model that was converted for MLX`
}

const PURPOSES: readonly [RegExp, string][] = [
  [
    /^(?:albert|electra|deberta|deberta-v2|new|eurobert|jina_embeddings_v3|xlm_roberta)$/,
    'it turns text into vectors (embeddings), by an architecture that the runner lacks',
  ],
  [
    /^(?:vit|clip|clip_vision_model|siglip|siglip2|dinov2|dinov3_vit|swin|convnext|deit|beit|sam|detr)$/,
    'it looks at pictures and writes no text',
  ],
  [/^(?:whisper|wav2vec2|hubert|parakeet|seamless_m4t|speecht5|bark|kokoro|csm)$/, 'it is for speech'],
  [
    /^(?:t5|mt5|umt5|bart|mbart|pegasus|marian|m2m_100|blenderbot)$/,
    'it has an encoder of its own, which mlx-lm does not run',
  ],
]

/** What models of this `model_type` are for, where that is not to converse. */
export const otherPurpose = (modelType: string): string | undefined =>
  PURPOSES.find(([pattern]) => pattern.test(modelType))?.[1]
