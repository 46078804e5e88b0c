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
  // Some architectures take a list with one value per layer, or null for "as many as heads".
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
  // mlx-lm looks for a quantization inside `text_config`, whatever its type, unless the config has one at the top
  // level.
  const isRead = text !== undefined && !('quantization_config' in config)
  return isRead && (text === null || typeof text === 'number' || typeof text === 'boolean')
    ? `config.json: text_config is ${valueText(text)}, ${expected}; without one, leave it out`
    : undefined
}

/**
 * Why mlx-lm cannot build the model described by a config.json: the field, its value and what was expected. Undefined
 * if it can, or if only loading would tell.
 *
 * @param json parsed, and accepted by `readModelConfig`
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
