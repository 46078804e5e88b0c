import { canonicalModelType } from './architectures'
import { valueText } from './model-json'
import { fieldsOf, quantizationProblem } from './quantization'
import { needsTextConfig, requiredSizes, type Size } from './required-sizes'
import type { Tensors } from './safetensors'

const LARGEST = 1e9
const EXPECTED = 'expected a whole number above 0'

const isSize = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= LARGEST

const sizeProblem = (config: object, modelType: string, name: Size): string | undefined => {
  const value: unknown = name in config ? config[name as keyof typeof config] : undefined
  if (value === undefined) return `config.json: ${name} is missing, which a ${modelType} model has to tell; ${EXPECTED}`
  // One number for each layer, or as many as heads: some architectures take that.
  if (Array.isArray(value) || (value === null && name === 'num_key_value_heads')) return undefined
  return isSize(value) ? undefined : `config.json: ${name} is ${valueText(value)}, ${EXPECTED}`
}

const textConfigProblem = (config: object, modelType: string): string | undefined => {
  const text: unknown = 'text_config' in config ? config.text_config : undefined
  const expected = 'expected an object with the sizes of the language part'
  if (needsTextConfig.has(modelType) && !fieldsOf(text)) {
    return text === undefined
      ? `config.json: text_config is missing, ${expected}`
      : `config.json: text_config is ${valueText(text)}, ${expected}`
  }
  // mlx-lm looks into it for a quantization wherever it is there.
  const isLookedInto = text !== undefined && !('quantization_config' in config)
  return isLookedInto && (text === null || typeof text === 'number' || typeof text === 'boolean')
    ? `config.json: text_config is ${valueText(text)}, ${expected}; without one, leave it out`
    : undefined
}

/**
 * Why mlx-lm cannot build the model that a config.json describes: the field, what it has and what it should have.
 * Undefined where it can, or where that is only found out by loading it.
 *
 * @param json as parsed; `readModelConfig` has read it
 */
export const configProblem = (
  json: unknown,
  weights: { readonly exported?: unknown; readonly tensors?: Tensors | undefined },
): string | undefined => {
  const config = fieldsOf(json)
  if (!config) return undefined
  const { model_type, model_file } = config
  if (model_file !== undefined && model_file !== null)
    return `config.json: model_file asks for a program that came with the model (${valueText(model_file)}), which is never run; use a version of the model for an architecture that mlx-lm knows`
  const modelType = canonicalModelType(String(model_type))
  const textConfig = textConfigProblem(config, modelType)
  if (textConfig !== undefined) return textConfig
  for (const name of requiredSizes.get(modelType) ?? []) {
    const problem = sizeProblem(config, modelType, name)
    if (problem !== undefined) return problem
  }
  return quantizationProblem(config, weights)
}
