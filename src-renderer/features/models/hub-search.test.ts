import { describe, expect, it } from 'vitest'
import { FakeApi, json } from '../../testing/fake-api'
import { downloadPath, HubSearch } from './hub-search.svelte'

const qwen = { modelId: 'mlx-community/Qwen3-8B-4bit', title: 'Qwen3 8B', gated: false, sizeBytes: 4.6e9 }

describe('a search on the hub', () => {
  it('is sent only if there is something to search for', async () => {
    const api = new FakeApi(() => json({ hub: 'huggingface.co', models: [qwen] }))
    const search = new HubSearch(api)
    search.words = '  '
    await search.search()
    expect(api.asked).toEqual([])
    search.words = ' qwen 8b '
    await search.search()
    expect(api.asked[0]?.path).toBe('/models/search?q=qwen+8b')
    expect(search.found).toMatchObject({ words: 'qwen 8b', hub: 'huggingface.co', models: [qwen] })
    expect(search.searching).toBe(false)
    search.clear()
    expect(search.found).toBeUndefined()
  })

  it('shows why it failed', async () => {
    const refusal = { error: { code: 'hub_offline', message: 'This machine is told to ask no model hub', hint: 'x' } }
    const search = new HubSearch(new FakeApi(() => json(refusal, 409)))
    search.words = 'qwen'
    await search.search()
    expect(search).toMatchObject({ found: undefined, problem: { code: 'hub_offline' }, searching: false })
  })

  it('shows the answer to the last question, whichever arrives first', async () => {
    const waiting: ((response: Response) => void)[] = []
    const search = new HubSearch({
      get: async (_path, schema) => {
        const response = await new Promise<Response>((resolve) => waiting.push(resolve))
        return schema.parse(await response.json())
      },
    })
    search.words = 'first'
    const first = search.search()
    search.words = 'second'
    const second = search.search()
    waiting[1]?.(json({ hub: 'h', models: [qwen] }))
    await second
    waiting[0]?.(json({ hub: 'h', models: [] }))
    await first
    expect(search.found).toMatchObject({ words: 'second', models: [qwen] })
  })

  it('has paths with the model’s slash, and with the machine if it is another one', () => {
    expect(downloadPath('a/b')).toBe('/models/a/b/download')
    expect(downloadPath('a/b', 'node-1')).toBe('/models/a/b/download?nodeId=node-1')
  })
})
