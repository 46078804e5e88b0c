import { z } from 'zod'
import { undefinedUnlessShort } from '../shortage'
import { isAdapterWeights } from './adapter'
import { missingFile, readModelJson, valueText } from './model-json'
import type { ModelFile } from './model-files'
import { readSafetensors, type Tensors } from './safetensors'

const INDEX = 'model.safetensors.index.json'

const Index = z.object({
  metadata: z
    .object({ total_size: z.number().int().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  weight_map: z.record(z.string(), z.string()),
})

export interface Weights {
  /** Total size of the weight files; if some are missing, the size given by the index. */
  readonly bytes: number
  /** The first missing or damaged file, and its problem. */
  readonly problem?: string
  /** Tensors of all files; empty if a file is missing or damaged. */
  readonly tensors: Tensors
}

const NONE: Tensors = new Map()

/** Whether a file holds weights of a model, not of an adapter. */
export const isWeights = (name: string): boolean => name.endsWith('.safetensors') && !isAdapterWeights(name)

/** Why a file that the index names is not among the weights. */
const whyAbsent = async (directory: string, name: string): Promise<string> =>
  /[/\\]/.test(name) || name === '..'
    ? `${INDEX} names ${valueText(name)}, which is refused: a model's weights are files of its own folder`
    : missingFile(directory, name)

/** Inspects the weights as mlx-lm would load them. Undefined if the folder has none. */
export const inspectWeights = async (directory: string, files: readonly ModelFile[]): Promise<Weights | undefined> => {
  const present = files.filter(({ name }) => isWeights(name))
  const bytes = present.reduce((sum, { size }) => sum + size, 0)
  if (files.some(({ name }) => name === INDEX)) {
    const index = Index.safeParse(await readModelJson(directory, files, INDEX).catch(undefinedUnlessShort))
    if (!index.success)
      return {
        bytes,
        problem: `${INDEX} is damaged: its weight_map does not tell which file holds what`,
        tensors: NONE,
      }
    const wanted = [...new Set(Object.values(index.data.weight_map))].sort()
    const missing = wanted.filter((name) => !present.some((file) => file.name === name))
    if (missing[0] !== undefined) {
      const others = missing.length === 1 ? '' : `, and ${missing.length - 1} more of ${wanted.length} files`
      return {
        bytes: Math.max(bytes, index.data.metadata?.total_size ?? 0),
        problem: `${await whyAbsent(directory, missing[0])}${others}`,
        tensors: NONE,
      }
    }
  }
  if (present.length === 0) return undefined
  const tensors = new Map<string, readonly number[]>()
  for (const file of present) {
    const header = await readSafetensors(directory, file)
    if (header.status === 'damaged') return { bytes, problem: `${file.name} is damaged: ${header.how}`, tensors: NONE }
    for (const [name, shape] of header.tensors) tensors.set(name, shape)
  }
  return { bytes, tensors }
}
