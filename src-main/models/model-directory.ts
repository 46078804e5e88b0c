import type { ModelId } from '@core/ids'
import type { CatalogueModel, UnreadableModel } from '@core/protocols/control'
import { architectureOf } from './architectures'
import { readModelConfig } from './model-config'
import { cardOf, titleOf, tokenizerProblem, unknownArchitecture } from './model-description'
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
    (await tokenizerProblem(
      files.map(({ name }) => name),
      (name) => readModelJson(path, files, name),
    ).catch(messageOfFileError))
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
      card: cardOf(modelId, shape, weights?.bytes ?? 0),
      ...(problem === undefined ? {} : { problem }),
    },
  }
}

const messageOfFileError = (error: unknown): string => {
  if (error instanceof ModelFileError) return error.message
  throw error
}
