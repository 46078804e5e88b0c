import { isModelFile } from './model-files'

/** File patterns of other weight formats. */
const OTHER_FORMATS: readonly [RegExp, string][] = [
  [/\.gguf$/i, 'GGUF'],
  [/\.(?:bin|pt|pth|ckpt)$/i, 'PyTorch'],
  [/\.onnx$/i, 'ONNX'],
  [/\.npz$/i, 'NumPy'],
  [/\.safetensors$/i, 'safetensors under other names'],
]

const isAdapter = (name: string): boolean =>
  /^adapter_(?:config\.json|model\.\w+)$|^adapters\.(?:safetensors|npz)$/.test(name)

/** Names the formats of these files, none of which mlx-lm reads: `GGUF`, `PyTorch and ONNX`. */
export const otherFormats = (names: readonly string[]): string | undefined => {
  const formats = OTHER_FORMATS.filter(([pattern]) => names.some((name) => pattern.test(name)))
  return formats.length === 0 ? undefined : formats.map(([, format]) => format).join(' and ')
}

/** What a folder without weights contains instead, judged by its file names; undefined if that is not recognized. */
export const insteadOfWeights = (names: readonly string[]): string | undefined => {
  const adapter = names.find(isAdapter)
  if (adapter !== undefined)
    return `model.safetensors is missing: the folder holds a LoRA adapter (${adapter}), which changes a model and is none; put it into a folder of its own with adapter_config.json, and name it as adapterId`
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

/** The purpose of models of this `model_type` that do not generate text; undefined if unknown. */
export const otherPurpose = (modelType: string): string | undefined =>
  PURPOSES.find(([pattern]) => pattern.test(modelType))?.[1]
