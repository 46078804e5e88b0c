import { z } from 'zod'
import type { CatalogueAdapter } from '@core/protocols/models'
import { titleOf } from './model-description'
import type { Candidate } from './model-directory'
import { ModelFileError, type ModelFile } from './model-files'
import { missingFile, readModelJson } from './model-json'
import { damaged, unsupported, type ModelProblem } from './model-problem'
import { readSafetensors } from './safetensors'

/** Files of a LoRA adapter as mlx-lm writes and loads it. */
export const ADAPTER_CONFIG = 'adapter_config.json'
export const ADAPTER_WEIGHTS = 'adapters.safetensors'

const LoraParameters = z.looseObject({ rank: z.number().int().positive(), scale: z.number(), dropout: z.number() })
const AdapterConfig = z.looseObject({
  fine_tune_type: z.string().optional(),
  num_layers: z.number().int().optional(),
  lora_parameters: z.unknown().optional(),
  peft_type: z.unknown().optional(),
  /** The model that `mlx_lm.lora` was called with. */
  model: z.string().max(1000).optional().catch(undefined),
})

/**
 * Whether a folder with these file names is an adapter. An adapter beside a model's config.json belongs to that model.
 */
export const isAdapter = (names: readonly string[]): boolean =>
  names.includes(ADAPTER_CONFIG) && !names.includes('config.json')

/** The problem of an adapter's configuration, by what mlx-lm requires; undefined if the adapter can be applied. */
export const adapterConfigProblem = (config: unknown): ModelProblem | undefined => {
  const { data } = AdapterConfig.safeParse(config)
  if (!data) return damaged(`${ADAPTER_CONFIG} is damaged: it does not say what is adapted`)
  if (data.peft_type !== undefined)
    return unsupported(
      `${ADAPTER_CONFIG}: it is an adapter in the PEFT format (peft_type), which mlx-lm does not read; train or convert it with mlx-lm`,
    )
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
const baseModelOf = (config: unknown): string | undefined => AdapterConfig.safeParse(config).data?.model

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
  const weights = files.find(({ name }) => name === ADAPTER_WEIGHTS)
  const config = await readModelJson(path, files, ADAPTER_CONFIG).catch((error: unknown) => {
    if (error instanceof ModelFileError) return error
    throw error
  })
  const findProblem = async (): Promise<ModelProblem | undefined> => {
    if (config instanceof ModelFileError) return damaged(config.message)
    const problem = adapterConfigProblem(config)
    if (problem) return problem
    if (!weights) return damaged(await missingFile(path, ADAPTER_WEIGHTS))
    const header = await readSafetensors(path, weights)
    return header.status === 'damaged' ? damaged(`${ADAPTER_WEIGHTS} is damaged: ${header.how}`) : undefined
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
