import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readModelConfig } from './model-config'

const shape = (config: unknown) => {
  const reading = readModelConfig(config)
  return reading.status === 'read' ? reading.shape : reading.reason
}

describe('config.json', () => {
  it('tells the shape of a model', () => {
    const llama = {
      model_type: 'llama',
      num_hidden_layers: 30,
      hidden_size: 576,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      max_position_embeddings: 8192,
      torch_dtype: 'float32',
    }
    expect(shape(llama)).toEqual({
      modelType: 'llama',
      layers: 30,
      hiddenSize: 576,
      kvHeads: 3,
      headDim: 64,
      contextLength: 8192,
      quantization: 'float32',
    })
  })

  it('may have its language part in a nested field', () => {
    const vision = { hidden_size: 1152, num_hidden_layers: 27 }
    const text = {
      hidden_size: 2560,
      num_hidden_layers: 34,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: 256,
    }
    expect(shape({ model_type: 'gemma3', vision_config: vision, text_config: text })).toMatchObject({
      modelType: 'gemma3',
      layers: 34,
      hiddenSize: 2560,
      kvHeads: 4,
      headDim: 256,
    })
  })

  it('uses different field names in different families', () => {
    expect(shape({ model_type: 'gpt2', n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024 })).toMatchObject({
      layers: 12,
      hiddenSize: 768,
      kvHeads: 12,
      headDim: 64,
      contextLength: 1024,
    })
    const dbrx = { model_type: 'dbrx', n_layers: 40, d_model: 6144, n_heads: 48, attn_config: { kv_n_heads: 8 } }
    expect(shape(dbrx)).toMatchObject({ layers: 40, hiddenSize: 6144, kvHeads: 8, headDim: 128 })
    const openelm = {
      num_transformer_layers: 3,
      model_dim: 1280,
      num_query_heads: [12, 12, 16],
      num_kv_heads: [3, 3, 4],
    }
    expect(shape({ model_type: 'openelm', head_dim: 64, ...openelm })).toMatchObject({
      layers: 3,
      kvHeads: 4,
      headDim: 64,
    })
    expect(shape({ model_type: 'gpt_bigcode', n_layer: 2, n_embd: 64, n_head: 4, multi_query: true })).toMatchObject({
      kvHeads: 1,
    })
  })

  it('defaults key-value heads to the number of heads, or to one', () => {
    expect(shape({ model_type: 'phi', num_hidden_layers: 2, hidden_size: 64, num_attention_heads: 4 })).toMatchObject({
      kvHeads: 4,
    })
    expect(shape({ model_type: 'mamba', num_hidden_layers: 2, hidden_size: 64 })).toEqual({
      modelType: 'mamba',
      layers: 2,
      hiddenSize: 64,
      kvHeads: 1,
    })
  })

  it('sizes the cache of latent attention correctly', () => {
    const latent = {
      num_hidden_layers: 61,
      hidden_size: 7168,
      num_attention_heads: 128,
      num_key_value_heads: 128,
      kv_lora_rank: 512,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
    }
    // 576 cached values per token and layer over the keys and values of 128 heads: 2.25 each, rounded up.
    expect(shape({ model_type: 'deepseek_v3', ...latent })).toMatchObject({ kvHeads: 128, headDim: 3 })
    expect(shape({ model_type: 'kimi_k2', ...latent })).toMatchObject({ modelType: 'deepseek_v3', headDim: 3 })
    // Keys of 192 and values of 128 for each head.
    expect(shape({ model_type: 'deepseek_v2', ...latent })).toMatchObject({ headDim: 160 })
  })

  it.each([
    [{ quantization: { group_size: 64, bits: 4 } }, '4-bit'],
    [{ quantization: { group_size: 32, bits: 4, mode: 'mxfp4' } }, 'mxfp4'],
    [{ quantization: { bits: 8, mode: 'affine' }, torch_dtype: 'bfloat16' }, '8-bit'],
    [{ quantization_config: { quant_method: 'fp8' }, torch_dtype: 'bfloat16' }, 'fp8'],
    [{ dtype: 'bfloat16' }, 'bfloat16'],
    [{}, undefined],
  ])('tells the precision: %j', (fields, quantization) => {
    const reading = readModelConfig({ model_type: 'llama', num_hidden_layers: 1, hidden_size: 1, ...fields })
    expect(reading.status === 'read' ? reading.shape.quantization : reading).toBe(quantization)
  })

  it('is refused with the reason where it does not describe a model', () => {
    expect(shape(null)).toBe("config.json is null, expected an object with the model's description")
    expect(shape({})).toMatch(/^config\.json names no model_type/)
    expect(shape({ model_type: 7 })).toMatch(/^config\.json: model_type is 7, expected/)
    expect(shape({ model_type: 'llama', num_hidden_layers: -1, hidden_size: 'wide' })).toMatch(
      /^config\.json: num_hidden_layers is -1, expected/,
    )
    expect(shape({ model_type: 'llama' })).toMatch(/how many layers/)
  })

  it('never throws and never gives a shape that a card could not have', () => {
    const names = [
      'num_hidden_layers',
      'hidden_size',
      'num_attention_heads',
      'num_key_value_heads',
      'head_dim',
      'text_config',
    ]
    const hostile = fc.oneof(fc.jsonValue(), fc.double(), fc.constant(0), fc.constant(-1), fc.array(fc.double()))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), hostile), (fields) => {
        const reading = readModelConfig({ model_type: 'llama', ...fields })
        if (reading.status === 'refused') return
        const { layers, hiddenSize, kvHeads, headDim = 1 } = reading.shape
        for (const size of [layers, hiddenSize, kvHeads, headDim]) {
          expect(Number.isInteger(size) && size > 0).toBe(true)
        }
      }),
    )
  })
})
