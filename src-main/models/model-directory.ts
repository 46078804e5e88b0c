import type { ModelId } from '@core/ids'
import type { CatalogueModel, UnreadableModel } from '@core/protocols/control'
import { z } from 'zod'
import { architectureOf } from './architectures'
import { readModelConfig, type ModelShape } from './model-config'
import { inspectWeights, ModelFileError, readModelJson, type ModelFile } from './model-files'

/** A directory that may hold a model. */
export interface Candidate {
  readonly modelId: ModelId
  readonly path: string
  readonly source: CatalogueModel['source']
}

export type Inspection =
  | { readonly status: 'model'; readonly model: CatalogueModel }
  | { readonly status: 'unreadable'; readonly model: UnreadableModel }
  /** No model, or in someone else's folder one that is not for us (pictures, embeddings, another format). */
  | { readonly status: 'none' }

const NONE: Inspection = { status: 'none' }

/** `SmolLM2-135M-Instruct-4bit` → `SmolLM2 135M Instruct`: the precision is told beside it. */
const titleOf = (modelId: ModelId): string => {
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
const tokenizerProblem = async (directory: string, files: readonly ModelFile[]): Promise<string | undefined> => {
  const has = (name: string): boolean => files.some((file) => file.name === name)
  if (!TOKENIZERS.some(has)) return 'tokenizer.json is missing'
  if (has('chat_template.jinja')) return undefined
  for (const name of ['tokenizer_config.json', 'chat_template.json'].filter(has)) {
    if (hasTemplate(await readModelJson(directory, files, name))) return undefined
  }
  return 'tokenizer_config.json has no chat template: the model continues text and was not made to answer'
}

const unknownArchitecture = ({ modelType }: ModelShape): string =>
  `config.json says that this is a "${modelType}" model, which the installed mlx-lm cannot run`

/**
 * Says what lies in a directory, from the names, sizes and small files in it; no weights are read. Never throws.
 *
 * @param files as `listModelFiles` gave them
 */
export const inspectModelDirectory = async (
  { modelId, path, source }: Candidate,
  files: readonly ModelFile[],
  { starter }: { readonly starter: boolean },
): Promise<Inspection> => {
  const ours = source === 'muster'
  const weights = await inspectWeights(path, files)
  // Tokenizers and configurations alone are what other programs leave in their folders all the time.
  if (!weights && !(ours && files.length > 0)) return NONE

  const unreadable = (problem: string): Inspection => ({
    status: 'unreadable',
    model: { modelId, source, path, problem },
  })
  let config: unknown
  try {
    config = await readModelJson(path, files, 'config.json')
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error
    return unreadable(error.message)
  }
  const reading = readModelConfig(config)
  if (reading.status === 'refused') return ours ? unreadable(reading.reason) : NONE
  const { shape } = reading
  const architecture = architectureOf(shape.modelType)
  if (!architecture && !ours) return NONE

  const problem =
    weights?.problem ??
    (weights ? undefined : 'model.safetensors is missing') ??
    (architecture ? undefined : unknownArchitecture(shape)) ??
    (await tokenizerProblem(path, files).catch(messageOfFileError))
  const { modelType: _, quantization, ...sizes } = shape
  return {
    status: 'model',
    model: {
      modelId,
      title: titleOf(modelId),
      ...(quantization === undefined ? {} : { quantization }),
      source,
      starter,
      path,
      card: {
        modelId,
        storageBytes: weights?.bytes ?? 0,
        ...sizes,
        supportsTensor: architecture?.supportsTensor ?? false,
        supportsPipeline: architecture?.supportsPipeline ?? false,
      },
      ...(problem === undefined ? {} : { problem }),
    },
  }
}

const messageOfFileError = (error: unknown): string => {
  if (error instanceof ModelFileError) return error.message
  throw error
}
