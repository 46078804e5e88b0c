import { z } from 'zod'
import type { ModelId } from '@core/ids'
import type { ModelCard, ModelKind } from '@core/placement/model-card'
import { architectureOf } from './architectures'
import type { ModelShape } from './model-config'
import { otherPurpose } from './model-formats'
import { damaged, unsupported, type ModelProblem } from './model-problem'

/** `SmolLM2-135M-Instruct-4bit` → `SmolLM2 135M Instruct`; the precision is shown separately. */
export const titleOf = (modelId: ModelId): string => {
  const name = modelId.split('/').at(-1) ?? modelId
  const words = name.split(/[-_]/).filter((word) => !/^(?:\d+bit|bf16|fp16|fp32|mlx)$/i.test(word))
  return words.join(' ').trim() || name
}

const TOKENIZERS = ['tokenizer.json', 'tokenizer.model']
/** A tokenizer that only the model's own Python code can read; such code is never run. */
const TIKTOKEN = 'tiktoken.model'

const TokenizerConfig = z.looseObject({ chat_template: z.unknown().optional() })
const NamedTemplate = z.looseObject({ name: z.string(), template: z.string() })

/** Whether a JSON file has a chat template, and its problem if it is ambiguous or malformed. */
const templateIn = (json: unknown, file: string): { readonly found: boolean; readonly problem?: ModelProblem } => {
  const template = TokenizerConfig.safeParse(json).data?.chat_template
  if (!Array.isArray(template)) return { found: typeof template === 'string' && template !== '' }
  const names = template.flatMap((one) => NamedTemplate.safeParse(one).data?.name ?? [])
  if (names.length < 2 || names.includes('default')) return { found: names.length > 0 }
  return {
    found: true,
    problem: unsupported(
      `${file}: chat_template has the templates ${names.sort().join(', ')}, expected one with the name default`,
    ),
  }
}

/**
 * Problem of the files that convert between text and tokens, if any.
 *
 * @param read returns the content of a JSON file
 */
export const tokenizerProblem = async (
  names: readonly string[],
  read: (name: string) => Promise<unknown>,
): Promise<ModelProblem | undefined> => {
  if (!TOKENIZERS.some((name) => names.includes(name)))
    return names.includes(TIKTOKEN)
      ? unsupported(
          `tokenizer.json is missing, and ${TIKTOKEN} can only be read by a program that comes with the model; such ` +
            'programs are not run, so take a conversion that has a tokenizer.json',
        )
      : damaged('tokenizer.json is missing')
  if (names.includes('chat_template.jinja')) return undefined
  for (const name of ['tokenizer_config.json', 'chat_template.json']) {
    if (!names.includes(name)) continue
    const { found, problem } = templateIn(await read(name), name)
    if (found) return problem
  }
  // A base model without a template completes text; it refuses conversations with its own error.
  return undefined
}

/** The problem of the text of chat_template.jinja that can be found without rendering it. */
export const templateProblem = (text: string): ModelProblem | undefined =>
  text.trim() === ''
    ? damaged('chat_template.jinja is empty, expected the template that conversations are written with')
    : undefined

export const unknownArchitecture = ({ modelType }: ModelShape): string => {
  const purpose = otherPurpose(modelType)
  const what = `config.json says that this is a "${modelType}" model (model_type), which the installed mlx-lm cannot run`
  return purpose === undefined ? what : `${what}: ${purpose}`
}

/** Builds the card: the facts that placement needs. */
export const cardOf = (modelId: ModelId, shape: ModelShape, kind: ModelKind, storageBytes: number): ModelCard => {
  const { modelType, quantization: _, ...sizes } = shape
  // Embedding models run on one machine, so sharding support does not apply.
  const architecture = kind === 'text' ? architectureOf(modelType) : undefined
  return {
    modelId,
    ...(kind === 'text' ? {} : { kind }),
    storageBytes,
    ...sizes,
    supportsTensor: architecture?.supportsTensor ?? false,
    supportsPipeline: architecture?.supportsPipeline ?? false,
  }
}
