import { describe, expect, it } from 'vitest'
import { readsPictures } from './vision'

const config = { model_type: 'qwen2_5_vl', vision_config: { depth: 32 } }
const names = ['config.json', 'preprocessor_config.json']
const tensors = new Map([['vision_tower.patch_embed.proj.weight', [1]]])

describe('a model reads pictures', () => {
  it('if its family, its files and its weights all support it', () => {
    expect(readsPictures(config, { names, tensors })).toBe(true)
    expect(readsPictures({ ...config, model_type: 'gemma3' }, { names: ['processor_config.json'], tensors })).toBe(true)
    expect(readsPictures(config, { names, tensors: new Map([['model.visual.merger.mlp.0.bias', [1]]]) })).toBe(true)
    const mistral = new Map([['model.vision_encoder.patch_conv.weight', [1]]])
    expect(readsPictures({ ...config, model_type: 'mistral3' }, { names, tensors: mistral })).toBe(true)
    expect(readsPictures(config, { names, tensors: undefined })).toBe(true)
  })

  it.each([
    ['text alone', { model_type: 'llama' }, names, tensors],
    ['a family that the runner looks at nothing for', { ...config, model_type: 'llama4' }, names, tensors],
    ['no vision part', { model_type: 'gemma3' }, names, tensors],
    ['no word on how pictures are cut', config, ['config.json'], tensors],
    ['the language part alone', config, names, new Map([['language_model.model.norm.weight', [1]]])],
    ['nonsense', null, names, tensors],
  ])('but not with %s', (_what, json, files, weights) => {
    expect(readsPictures(json, { names: files, tensors: weights })).toBe(false)
  })
})
