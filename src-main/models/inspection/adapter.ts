import { z } from 'zod'
import type { CatalogueAdapter } from '@core/protocols/models'
import { titleOf } from './model-description'
import type { Candidate } from '../stores/candidate'
import { ModelFileError, type ModelFile } from './model-files'
import { missingFile, readModelJson } from './model-json'
import { damaged, unsupported, type ModelProblem } from './model-problem'
import { isPeft, PEFT_WEIGHTS, peftBaseModel, peftProblem } from './peft'
import { readSafetensors } from './safetensors'

export const ADAPTER_CONFIG = 'adapter_config.json'
/** Weights of a LoRA adapter as mlx-lm writes and loads it. */
const MLX_LM_WEIGHTS = 'adapters.safetensors'

const LoraParameters = z.looseObject({ rank: z.number().int().positive(), scale: z.number(), dropout: z.number() })
const AdapterConfig = z.looseObject({
  fine_tune_type: z.string().optional(),
  num_layers: z.number().int().optional(),
  lora_parameters: z.unknown().optional(),
  /** The model that `mlx_lm.lora` was called with. */
  model: z.string().max(1000).optional().catch(undefined),
})

/**
 * Whether a folder with these file names is an adapter. An adapter beside a model's config.json belongs to that model.
 */
export const isAdapter = (names: readonly string[]): boolean =>
  names.includes(ADAPTER_CONFIG) && !names.includes('config.json')

/** The file with the weights of an adapter that has this configuration. */
export const adapterWeights = (config: unknown): string => (isPeft(config) ? PEFT_WEIGHTS : MLX_LM_WEIGHTS)

/** Whether a file holds the weights of an adapter. */
export const isAdapterWeights = (name: string): boolean => name === MLX_LM_WEIGHTS || name === PEFT_WEIGHTS

/**
 * The problem of an adapter's configuration, by what mlx-lm requires or, in the format of PEFT, by what the runner can
 * apply; undefined if the adapter can be applied.
 */
export const adapterConfigProblem = (config: unknown): ModelProblem | undefined => {
  const { data } = AdapterConfig.safeParse(config)
  if (!data) return damaged(`${ADAPTER_CONFIG} is damaged: it does not say what is adapted`)
  if (isPeft(config)) {
    const problem = peftProblem(config)
    return problem === undefined ? undefined : unsupported(`${ADAPTER_CONFIG}: ${problem}`)
  }
  const { fine_tune_type: kind = 'lora', num_layers: layers, lora_parameters: parameters } = data
  if (kind === 'full') return undefined
  if (kind !== 'lora' && kind !== 'dora')
    return unsupported(`${ADAPTER_CONFIG}: fine_tune_type is ${kind}, expected lora, dora or full`)
  if (layers === undefined) return unsupported(`${ADAPTER_CONFIG}: num_layers is missing`)
  return LoraParameters.safeParse(parameters).success
    ? undefined
    : unsupported(`${ADAPTER_CONFIG}: lora_parameters needs the numbers rank, scale and dropout`)
}

/** The model that an adapter was trained for, from its configuration. */
const baseModelOf = (config: unknown): string | undefined =>
  isPeft(config) ? peftBaseModel(config) : AdapterConfig.safeParse(config).data?.model

/**
 * Inspects an adapter's folder: names and sizes of its files, its configuration and the header of its weights. Never
 * throws; problems name the file and the remedy.
 *
 * @param files from `listModelFiles`; `isAdapter` holds for their names
 */
export const inspectAdapter = async (
  { modelId, path, source }: Candidate,
  files: readonly ModelFile[],
): Promise<CatalogueAdapter> => {
  const config = await readModelJson(path, files, ADAPTER_CONFIG).catch((error: unknown) => {
    if (error instanceof ModelFileError) return error
    throw error
  })
  const weightsFile = adapterWeights(config)
  const weights = files.find(({ name }) => name === weightsFile)
  const findProblem = async (): Promise<ModelProblem | undefined> => {
    if (config instanceof ModelFileError) return damaged(config.message)
    const problem = adapterConfigProblem(config)
    if (problem) return problem
    if (!weights) return damaged(await missingFile(path, weightsFile))
    const header = await readSafetensors(path, weights)
    return header.status === 'damaged' ? damaged(`${weightsFile} is damaged: ${header.how}`) : undefined
  }
  const problem = await findProblem()
  const baseModel = baseModelOf(config)
  return {
    modelId,
    title: titleOf(modelId),
    source,
    path,
    storageBytes: weights?.size ?? 0,
    ...(baseModel !== undefined && { baseModel }),
    ...problem,
  }
}
