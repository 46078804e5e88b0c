import { z } from 'zod'
import type { Tensors } from './safetensors'
import table from '../../../native-runner/src/muster_runner/vision/architectures.json'

const families: ReadonlySet<string> = new Set(Object.keys(table.processors))

const Config = z.looseObject({ model_type: z.string(), vision_config: z.looseObject({}) })

/** Either one describes image preprocessing. */
const PROCESSOR_FILES = ['preprocessor_config.json', 'processor_config.json']
const TOWER = /(?:^|\.)(?:vision_tower|vision_model|vision_encoder|visual)\./

/**
 * Whether a model accepts images, by the rules of the runner's `vision/kind.py`: its family supports them, its weights
 * include the vision tower (some conversions keep only the language model), and its files describe preprocessing.
 *
 * @param config parsed config.json
 * @param tensors of its weights, if known
 */
export const readsPictures = (
  config: unknown,
  { names, tensors }: { readonly names: readonly string[]; readonly tensors: Tensors | undefined },
): boolean => {
  const read = Config.safeParse(config)
  if (!read.success || !families.has(read.data.model_type)) return false
  if (!PROCESSOR_FILES.some((name) => names.includes(name))) return false
  return tensors === undefined || [...tensors.keys()].some((name) => TOWER.test(name))
}
