import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { CatalogueModel } from '@core/protocols/models'
import { smallCard } from '@core/testing/world'
import { FakeApi, json } from '../testing/fake-api'
import { Catalogue, matching } from './catalogue.svelte'

const model = (id: string, more: Partial<CatalogueModel> = {}): CatalogueModel => {
  const modelId = ModelId.parse(id)
  const title = id.split('/').at(-1) ?? id
  return { modelId, title, source: 'muster', starter: false, path: '/', card: { ...smallCard, modelId }, ...more }
}

describe('the catalogue', () => {
  it('is unknown until the node has answered, even if the answer is empty', async () => {
    const catalogue = new Catalogue(new FakeApi(() => json({ models: [] })))
    expect(catalogue.known).toBe(false)
    await catalogue.read()
    expect(catalogue).toMatchObject({ known: true, all: [], problem: undefined })
  })

  it('offers only models that can run, and knows the starter model', async () => {
    const models = [model('a/damaged', { problem: 'config.json is missing' }), model('a/small', { starter: true })]
    const catalogue = new Catalogue(new FakeApi(() => json({ models })))
    await catalogue.read()
    expect(catalogue.usable.map(({ modelId }) => modelId)).toEqual(['a/small'])
    expect(catalogue.starter?.modelId).toBe('a/small')
    expect(catalogue.find('a/damaged')?.problem).toBe('config.json is missing')
  })

  it('keeps its models when the node does not answer, and says so', async () => {
    const api = new FakeApi().next(() => json({ models: [model('a/small')] }))
    const catalogue = new Catalogue(api)
    await catalogue.read()
    await catalogue.read()
    expect(catalogue.all).toHaveLength(1)
    expect(catalogue.problem).toMatchObject({ code: 'unreachable' })
  })

  it('is searched by words in any order', () => {
    const models = [model('mlx-community/Qwen3-8B-4bit'), model('mlx-community/gemma-3-27b')]
    expect(matching(models, '8b QWEN').map(({ title }) => title)).toEqual(['Qwen3-8B-4bit'])
    expect(matching(models, '  ')).toHaveLength(2)
  })
})
