import { describe, expect, it } from 'vitest'
import { ApiKeyId } from '@core/ids'
import { FakeApi, json } from '../../testing/fake-api'
import { ApiKeys } from './keys.svelte'

const listed = (...names: string[]) =>
  json({ apiKeys: names.map((name) => ({ apiKeyId: `id-${name}`, name, createdAt: 1000 })) })

describe('API keys', () => {
  it('are listed, and a new one is shown when it is made', async () => {
    const api = new FakeApi().next(
      () => json({ apiKeyId: 'id-editor', name: 'editor', key: 'mst_secret' }, 201),
      () => listed('editor'),
    )
    const keys = new ApiKeys(api)
    await keys.create('  editor ')
    expect(api.asked[0]).toEqual({ path: '/api_keys', method: 'POST', json: { name: 'editor' } })
    expect(keys.created).toMatchObject({ name: 'editor', key: 'mst_secret' })
    expect(keys.list.map(({ name }) => name)).toEqual(['editor'])
  })

  it('go when they are revoked', async () => {
    const api = new FakeApi().next(
      () => listed('editor', 'phone'),
      () => json({}),
      () => listed('phone'),
    )
    const keys = new ApiKeys(api)
    await keys.read()
    await keys.revoke(ApiKeyId.parse('id-editor'))
    expect(api.asked[1]).toMatchObject({ path: '/api_keys/id-editor', method: 'DELETE' })
    expect(keys.list.map(({ name }) => name)).toEqual(['phone'])
  })

  it('stay as they were when the node refuses', async () => {
    const api = new FakeApi().next(() => listed('editor'))
    const keys = new ApiKeys(api)
    await keys.read()
    await keys.create('phone')
    expect(keys).toMatchObject({ busy: false, created: undefined, problem: { code: 'unreachable' } })
    expect(keys.list).toHaveLength(1)
  })
})
