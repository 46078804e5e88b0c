import { z } from 'zod'
import { valueText } from './model-json'
import type { Tensors } from './safetensors'

const Fields = z.record(z.string(), z.unknown())
type Fields = z.infer<typeof Fields>

/** The value's fields if it is an object. */
export const fieldsOf = (value: unknown): Fields | undefined =>
  Array.isArray(value) ? undefined : Fields.safeParse(value).data

const CONVERTED = 'use a version of the model that was converted for MLX'

/** Falsy in Python, so mlx-lm ignores it. */
const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/**
 * Supported by mx.quantize, see https://ml-explore.github.io/mlx/build/html/python/_autosummary/mlx.core.quantize.html
 */
const BITS: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 8])
const GROUP_SIZES: ReadonlySet<number> = new Set([32, 64, 128])

/** Bits times group size, derived from the shapes of packed weights and scales. */
const packedProduct = (tensors: Tensors): number | undefined => {
  for (const [name, scales] of tensors) {
    const weight = name.endsWith('.scales') ? tensors.get(name.replace(/scales$/, 'weight')) : undefined
    const [columns, groups] = [weight?.at(-1), scales.at(-1)]
    if (columns !== undefined && groups !== undefined && groups > 0) return (32 * columns) / groups
  }
  return undefined
}

const ownProblem = (quantization: unknown, tensors: Tensors | undefined): string | undefined => {
  const fields = fieldsOf(quantization)
  const expected = 'expected an object such as {"group_size": 64, "bits": 4}'
  if (!fields) return `config.json: quantization is ${valueText(quantization)}, ${expected}`
  for (const name of ['group_size', 'bits'])
    if (!(name in fields)) return `config.json: quantization has no ${name}, ${expected}`
  const { bits, group_size: size, mode = 'affine' } = fields
  if (mode !== 'affine' || typeof bits !== 'number' || typeof size !== 'number' || !tensors) return undefined
  // mlx-lm takes these values from the tensors' shapes rather than from the config: unsupported only if both agree.
  if ((BITS.has(bits) && GROUP_SIZES.has(size)) || packedProduct(tensors) !== bits * size) return undefined
  return `config.json: quantization has ${bits} bits in groups of ${size}, which MLX does not support; ${CONVERTED}`
}

/** Tensor name suffixes left by other quantization tools. */
const FOREIGN_TENSOR =
  /\.(?:absmax|quant_map|quant_state\.[\w.]+|W_q|codebooks|codes|Qidxs|qweight|weight_scales?|SCB)$/
const FOREIGN_METHOD = /^(?:bitsandbytes|hqq|aqlm|quip|eetq|vptq|higgs|torchao|quanto|auto-?round)$/
const COMPRESSED: readonly unknown[] = ['nvfp4-pack-quantized', 'mxfp4-pack-quantized', 'pack-quantized']

const some = (tensors: Tensors, is: (name: string) => boolean): string | undefined => [...tensors.keys()].find(is)

/** mlx-lm unpacks AutoAWQ's 4-bit packing, and GPTQ's unless groups are reordered (act-order). */
const packedProblem = (method: string, { bits = 4 }: Fields, tensors: Tensors | undefined): string | undefined => {
  const what = `quantized with ${method}`
  if (bits !== 4)
    return `config.json: the model is ${what} to bits ${valueText(bits)}, of which MLX reads only 4; ${CONVERTED}`
  if (!tensors) return undefined
  if (some(tensors, (name) => name.endsWith('.g_idx')) !== undefined)
    return `config.json: the model is ${what} (quant_method) with reordered groups (g_idx), which MLX cannot read; ${CONVERTED}`
  return some(tensors, (name) => name.endsWith('.qweight')) === undefined
    ? `config.json: quant_method says that the model is ${what}, but no weight file holds such weights (qweight); ${CONVERTED}`
    : undefined
}

const foreignProblem = (value: unknown, file: string, tensors: Tensors | undefined): string | undefined => {
  if (isNothing(value)) return undefined
  const fields = fieldsOf(value)
  if (!fields) return `${file}: quantization_config is ${valueText(value)}, expected an object`
  const { quant_method: method } = fields
  if (method === undefined)
    return `${file}: quantization_config has no quant_method, so MLX cannot tell how to read the weights; ${CONVERTED}`
  switch (method) {
    case 'awq':
      return packedProblem('AWQ', fields, tensors)
    case 'gptq':
      return packedProblem('GPTQ', fields, tensors)
    case 'compressed-tensors':
      return COMPRESSED.includes(fields['format'])
        ? undefined
        : `${file}: quantization_config has the format ${valueText(fields['format'])}, which MLX cannot read; ${CONVERTED}`
    case 'modelopt': {
      const { quant_algo } = fieldsOf(fields['quantization']) ?? fields
      return quant_algo === 'NVFP4'
        ? undefined
        : `${file}: quantization_config has the quant_algo ${valueText(quant_algo)}, of which MLX reads only NVFP4; ${CONVERTED}`
    }
    default: {
      if (typeof method !== 'string' || !FOREIGN_METHOD.test(method)) return undefined
      const isForeign = !tensors || some(tensors, (name) => FOREIGN_TENSOR.test(name)) !== undefined
      return isForeign
        ? `${file}: the model is quantized with ${method} (quant_method), which MLX cannot read; ${CONVERTED}`
        : undefined
    }
  }
}

/**
 * Why mlx-lm (0.32.2, `load_model`) cannot read weights with this quantization; undefined if it can or may.
 *
 * @param exported hf_quant_config.json, which NVIDIA's exports have beside config.json
 * @param tensors of the weight files; undefined if unknown, in which case doubt favours the model
 */
export const quantizationProblem = (
  config: Fields,
  { exported, tensors }: { exported?: unknown; tensors?: Tensors | undefined },
): string | undefined => {
  const { quantization } = config
  if (quantization !== undefined && quantization !== null) return ownProblem(quantization, tensors)
  if ('quantization_config' in config) return foreignProblem(config['quantization_config'], 'config.json', tensors)
  const inner = fieldsOf(config['text_config'])
  if (inner && 'quantization_config' in inner)
    return foreignProblem(inner['quantization_config'], 'config.json', tensors)
  return foreignProblem(exported, 'hf_quant_config.json', tensors)
}
