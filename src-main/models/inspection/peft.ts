import { z } from 'zod'
import { valueText } from './model-json'
import table from '../../../native-runner/src/muster_runner/model/peft_settings.json'

/** Weights of a LoRA adapter in the format of Hugging Face's PEFT. */
export const PEFT_WEIGHTS = 'adapter_model.safetensors'

const allowed: Readonly<Record<string, readonly unknown[]>> = table.allowed
/** Settings that the runner applies, or that make no difference to what an adapter computes. */
const known = new Set([...table.applied, ...table.irrelevant])

/** Patterns are regular expressions for the runner, so only those that cannot take long are accepted. */
const Patterns = z
  .record(z.string().regex(/^\^?[\w.]+$/), z.number().positive())
  .nullable()
  .optional()
const Applied = z.looseObject({
  r: z.number().int().positive(),
  lora_alpha: z.number(),
  rank_pattern: Patterns,
  alpha_pattern: Patterns,
})

const Config = z.looseObject({ peft_type: z.unknown(), base_model_name_or_path: z.string().max(1000).optional() })

/** Whether an adapter_config.json is in the format of PEFT. */
export const isPeft = (config: unknown): boolean => Config.safeParse(config).data?.peft_type !== undefined

/** The model that an adapter in the format of PEFT was trained for. */
export const peftBaseModel = (config: unknown): string | undefined =>
  Config.safeParse(config).data?.base_model_name_or_path

const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)

/**
 * What the runner cannot apply of an adapter in the format of PEFT; undefined if it can apply all of it. Settings that
 * neither the runner nor its table knows are refused: they may change what the adapter computes.
 */
export const peftProblem = (config: unknown): string | undefined => {
  const settings = Config.safeParse(config).data ?? {}
  for (const [name, value] of Object.entries(settings)) {
    const values = allowed[name]
    if (values) {
      if (!values.includes(value)) return `${name} is ${valueText(value)}, expected ${values.join(' or ')}`
    } else if (!known.has(name) && isSet(value)) return `${name} is not supported`
  }
  const wrong = Applied.safeParse(settings).error?.issues[0]?.path
  return wrong && `${wrong.join('.')} is missing or not supported`
}
