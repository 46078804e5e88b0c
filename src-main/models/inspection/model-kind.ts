import { z } from 'zod'
import type { ModelKind } from '@core/placement/model-card'
import { damaged, unsupported, type ModelProblem } from './model-problem'
import { architectureOf } from './architectures'
import table from '../../../native-runner/src/muster_runner/embedding/architectures.json'

const encoders: ReadonlySet<string> = new Set(table.encoders)
const decoders: ReadonlySet<string> = new Set(table.decoders)

const Named = z.looseObject({ architectures: z.array(z.string()).optional().catch(undefined) })

/** Classes without a language-model head, such as `MistralModel`. */
const HEADLESS = /^[A-Za-z0-9]+(?<!LMHead)Model$/
const EMBEDDING_NAME = /embed/i

/**
 * Whether a model generates text or embeddings, by the rules of the runner's `embedding/kind.py`. Embedding models are:
 * encoders, models saved by sentence-transformers, and supported decoders that have no head or whose name says so.
 *
 * @param config parsed config.json
 * @param names of the model's files
 */
export const kindOf = ({
  modelId,
  modelType,
  config,
  names,
}: {
  readonly modelId: string
  readonly modelType: string
  readonly config: unknown
  readonly names: readonly string[]
}): ModelKind => {
  if (encoders.has(modelType) || names.includes('modules.json')) return 'embedding'
  if (!decoders.has(modelType)) return 'text'
  const architectures = Named.safeParse(config).data?.architectures ?? []
  const name = modelId.split('/').at(-1) ?? modelId
  return architectures.some((one) => HEADLESS.test(one)) || EMBEDDING_NAME.test(name) ? 'embedding' : 'text'
}

/** Whether the runner supports this kind with this architecture. */
export const runs = (kind: ModelKind, modelType: string): boolean => {
  switch (kind) {
    case 'text':
      return architectureOf(modelType) !== undefined
    case 'embedding':
      return encoders.has(modelType) || decoders.has(modelType)
  }
}

const CLASSIFIER_CLASS = /For(?:Sequence|Token)Classification$|ForQuestionAnswering$|ForMultipleChoice$/

const headProblem = (config: unknown): ModelProblem | undefined => {
  const classifier = Named.safeParse(config).data?.architectures?.find((one) => CLASSIFIER_CLASS.test(one))
  return classifier === undefined
    ? undefined
    : unsupported(
        `config.json says that this is a ${classifier}: it judges texts (a reranker or a classifier) and makes no embeddings`,
      )
}

const Modules = z.array(z.looseObject({ type: z.string(), path: z.string() }))
const STEPS: ReadonlySet<string> = new Set(['Transformer', 'Pooling', 'Normalize'])

const modulesProblem = (modules: unknown, names: readonly string[]): ModelProblem | undefined => {
  const listed = Modules.safeParse(modules)
  if (!listed.success) return damaged('modules.json is damaged: it does not list the steps with type and path')
  const steps = listed.data.map(({ type, path }) => ({ step: type.split('.').at(-1) ?? type, path }))
  const lacking = steps.find(({ step }) => !STEPS.has(step))
  if (lacking)
    return unsupported(`modules.json has a step that Muster cannot compute: ${lacking.step} (${lacking.path})`)
  const pooling = steps.find(({ step }) => step === 'Pooling')
  if (!pooling) return unsupported('modules.json has no Pooling, which makes one vector of the tokens of a text')
  const settings = `${pooling.path}/config.json`
  return names.includes(settings) ? undefined : damaged(`${settings} is missing`)
}

/**
 * Why a model of a supported architecture cannot make embeddings: a different head, or missing or unknown steps.
 * Undefined if it can.
 *
 * @param names of the model's files, including those of its steps
 * @param json returns the content of one of them
 */
export const embeddingProblem = async (
  config: unknown,
  names: readonly string[],
  json: (name: string) => Promise<unknown>,
): Promise<ModelProblem | undefined> =>
  names.includes('modules.json') ? modulesProblem(await json('modules.json'), names) : headProblem(config)
