import { readdir } from 'node:fs/promises'
import type { CatalogueAdapter, CatalogueModel, UnreadableModel } from '@core/protocols/models'
import { abilitiesOf } from './abilities'
import { inspectAdapter, isAdapter } from './adapter'
import { readModelConfig } from './model-config'
import { noneUnlessShort } from '../shortage'
import type { Candidate } from '../stores/candidate'
import { configProblem } from './config-check'
import { embeddingProblem, kindOf, runs } from './model-kind'
import { cardOf, templateProblem, titleOf, tokenizerProblem, unknownArchitecture } from './model-description'
import { ModelFileError, type ModelFile } from './model-files'
import { insteadOfWeights } from './model-formats'
import { missingFile, readModelJson, readModelText } from './model-json'
import { damaged, unsupported, type ModelProblem } from './model-problem'
import { readsPictures } from './vision'
import { inspectWeights } from './weights'

export type Inspection =
  | { readonly status: 'model'; readonly model: CatalogueModel }
  | { readonly status: 'adapter'; readonly model: CatalogueAdapter }
  | { readonly status: 'unreadable'; readonly model: UnreadableModel }
  /** Not a model, or in another program's folder one that is not for us (images, speech, other formats). */
  | { readonly status: 'none' }

const NONE: Inspection = { status: 'none' }

/** Turns a ModelFileError thrown by the check into a problem. */
const problemFrom = async (check: Promise<ModelProblem | undefined>): Promise<ModelProblem | undefined> => {
  try {
    return await check
  } catch (error) {
    if (error instanceof ModelFileError) return damaged(error.message)
    throw error
  }
}

/**
 * Inspects a model folder from names, sizes and small files; weights are not read. Never throws. Problems name the
 * file, the field and the remedy; nothing that mlx-lm can load is refused.
 *
 * @param files from `listModelFiles`
 */
export const inspectModelDirectory = async (
  { modelId, path, source }: Candidate,
  files: readonly ModelFile[],
  { starter }: { readonly starter: boolean },
): Promise<Inspection> => {
  const ours = source === 'muster'
  const names = files.map(({ name }) => name)
  if (isAdapter(names)) return { status: 'adapter', model: await inspectAdapter({ modelId, path, source }, files) }
  const weights = await inspectWeights(path, files)
  const instead = weights || !ours ? undefined : insteadOfWeights(await readdir(path).catch(noneUnlessShort))
  // Folders with only tokenizers and configurations are common leftovers of other programs.
  if (!weights && !(ours && (files.length > 0 || instead !== undefined))) return NONE

  const unreadable = (problem: ModelProblem): Inspection => ({
    status: 'unreadable',
    model: { modelId, source, path, ...problem },
  })
  const has = (name: string): boolean => files.some((file) => file.name === name)
  const json = (name: string): Promise<unknown> => readModelJson(path, files, name)
  const text = (name: string): Promise<string> => readModelText(path, files, name)
  if (instead !== undefined && !has('config.json')) return unreadable(unsupported(instead))
  let config: unknown
  try {
    config = await json('config.json')
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error
    return unreadable(damaged(error.message))
  }
  const reading = readModelConfig(config)
  if (reading.status === 'refused') return ours ? unreadable(unsupported(reading.reason)) : NONE
  const { shape } = reading
  const kind = kindOf({ modelId, modelType: shape.modelType, config, names })
  const isKnown = runs(kind, shape.modelType)
  if (!isKnown && !ours) return NONE

  const findProblem = async (): Promise<ModelProblem | undefined> => {
    if (!weights)
      return instead === undefined ? damaged(await missingFile(path, 'model.safetensors')) : unsupported(instead)
    if (weights.problem !== undefined) return damaged(weights.problem)
    if (!isKnown) return unsupported(unknownArchitecture(shape))
    if (kind === 'embedding') {
      const embedding = await embeddingProblem(config, names, json)
      if (embedding !== undefined) return embedding
    }
    const exported = has('hf_quant_config.json') ? await json('hf_quant_config.json') : undefined
    const inConfig = configProblem(config, { exported, tensors: weights.tensors })
    if (inConfig !== undefined) return unsupported(inConfig)
    return (
      (await tokenizerProblem(names, json)) ??
      (has('chat_template.jinja') ? templateProblem(await text('chat_template.jinja')) : undefined)
    )
  }
  const problem = await problemFrom(findProblem())
  const { quantization } = shape
  return {
    status: 'model',
    model: {
      modelId,
      title: titleOf(modelId),
      ...(quantization === undefined ? {} : { quantization }),
      source,
      starter,
      path,
      architecture: shape.modelType,
      abilities: kind === 'text' ? await abilitiesOf({ names, json, text }) : [],
      card: {
        ...cardOf(modelId, shape, kind, weights?.bytes ?? 0),
        ...(kind === 'text' && readsPictures(config, { names, tensors: weights?.tensors }) && { vision: true }),
      },
      ...problem,
    },
  }
}
