import { z } from 'zod'
import type { ModelId } from '@core/ids'
import type { ModelCard } from '@core/placement/model-card'
import { architectureOf } from './architectures'
import type { ModelShape } from './model-config'

/** `SmolLM2-135M-Instruct-4bit` → `SmolLM2 135M Instruct`: the precision is told beside it. */
export const titleOf = (modelId: ModelId): string => {
  const name = modelId.split('/').at(-1) ?? modelId
  const words = name.split(/[-_]/).filter((word) => !/^(?:\d+bit|bf16|fp16|fp32|mlx)$/i.test(word))
  return words.join(' ').trim() || name
}

const TOKENIZERS = ['tokenizer.json', 'tokenizer.model', 'tiktoken.model']

const TokenizerConfig = z.looseObject({ chat_template: z.unknown().optional() })

const hasTemplate = (json: unknown): boolean => {
  const template = TokenizerConfig.safeParse(json).data?.chat_template
  return (typeof template === 'string' && template !== '') || (Array.isArray(template) && template.length > 0)
}

/** Why the model cannot be talked to, by the files that turn text into tokens and back. */
export const tokenizerProblem = async (
  names: readonly string[],
  read: (name: string) => Promise<unknown>,
): Promise<string | undefined> => {
  if (!TOKENIZERS.some((name) => names.includes(name))) return 'tokenizer.json is missing'
  if (names.includes('chat_template.jinja')) return undefined
  for (const name of ['tokenizer_config.json', 'chat_template.json']) {
    if (names.includes(name) && hasTemplate(await read(name))) return undefined
  }
  return 'tokenizer_config.json has no chat template: the model continues text and was not made to answer'
}

export const unknownArchitecture = ({ modelType }: ModelShape): string =>
  `config.json says that this is a "${modelType}" model, which the installed mlx-lm cannot run`

/** What placing needs to know. */
export const cardOf = (modelId: ModelId, shape: ModelShape, storageBytes: number): ModelCard => {
  const { modelType, quantization: _, ...sizes } = shape
  const architecture = architectureOf(modelType)
  return {
    modelId,
    storageBytes,
    ...sizes,
    supportsTensor: architecture?.supportsTensor ?? false,
    supportsPipeline: architecture?.supportsPipeline ?? false,
  }
}
