import { describe, expect, it } from 'vitest'
import { recommendedCatalogue } from '@core/catalogue/recommended-models'
import { bestFitting, hubIdIn, recommendationsOf } from './recommendations'

describe('recommended models', () => {
  const found = recommendationsOf(recommendedCatalogue().models)
  const qwen = found.find(({ title }) => title === 'Qwen3.5 9B')

  it('are one entry per model, with its quantisations by size', () => {
    expect(new Set(found.map(({ title }) => title)).size).toBe(found.length)
    expect(qwen?.quantizations.map(({ quantization }) => quantization)).toEqual(['4-bit', '8-bit'])
    expect(qwen?.abilities).toContain('thinking')
  })

  it('offer the largest quantisation that fits, else the smallest', () => {
    if (!qwen) throw new Error('it is not there')
    expect(bestFitting(qwen, () => true)?.quantization).toBe('8-bit')
    expect(bestFitting(qwen, (size) => size < 8e9)?.quantization).toBe('4-bit')
    expect(bestFitting(qwen, () => false)?.quantization).toBe('4-bit')
  })
})

it('a model’s id is found in search words, also as a URL', () => {
  for (const words of [
    'mlx-community/Qwen3-8B-4bit',
    ' https://huggingface.co/mlx-community/Qwen3-8B-4bit ',
    'https://huggingface.co/mlx-community/Qwen3-8B-4bit/tree/main',
    'hf.co/mlx-community/Qwen3-8B-4bit/',
  ])
    expect(hubIdIn(words)).toBe('mlx-community/Qwen3-8B-4bit')
  for (const words of ['qwen 8b', 'qwen', 'a/b/c', 'https://example.com/a/b']) expect(hubIdIn(words)).toBeUndefined()
})
