import { z } from 'zod'
import type { Tensors } from './safetensors'
import table from '../../native-runner/src/muster_runner/vision/architectures.json'

const families: ReadonlySet<string> = new Set(table.families)

const Config = z.looseObject({ model_type: z.string(), vision_config: z.looseObject({}) })

/** Either tells how pictures are cut for the model. */
const PROCESSOR_FILES = ['preprocessor_config.json', 'processor_config.json']
const TOWER = /(?:^|\.)(?:vision_tower|vision_model|visual)\./

/**
 * Whether a model reads pictures, as `vision/kind.py` of the runner tells it: it is of a family that does, its weights
 * have what looks at them (some conversions keep the language part alone), and its files say how pictures are cut.
 *
 * @param config config.json as parsed
 * @param tensors of its weights, where they are known
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
