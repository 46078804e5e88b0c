import { describe, expect, it } from 'vitest'
import { recommendedCatalogue } from './recommended-models'

describe('the recommended models', () => {
  const { models, source } = recommendedCatalogue()

  it('are sixty at least, each once, in order, and all of one owner on the hub', () => {
    expect(models.length).toBeGreaterThanOrEqual(60)
    const ids = models.map(({ modelId }) => modelId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !`https://huggingface.co/${id}`.startsWith(`${source}/`))).toEqual([])
  })

  it('of one title are of one family and one architecture, and differ in their quantisation', () => {
    for (const title of new Set(models.map((model) => model.title))) {
      const same = models.filter((model) => model.title === title)
      expect(new Set(same.map(({ family }) => family)).size, title).toBe(1)
      expect(new Set(same.map(({ architecture }) => architecture)).size, title).toBe(1)
      expect(new Set(same.map(({ quantization }) => quantization)).size, title).toBe(same.length)
    }
  })
})
