import { describe, expect, it } from 'vitest'
import { ApiKeyId } from '@core/ids'
import { usageView } from '@core/keys/usage'
import { FakeApi, json } from '../../testing/fake-api'
import { ApiKeys } from './keys.svelte'
import { limitsIn, limitsText } from './limits'

const usage = usageView(undefined, 0)
const listed = (...names: string[]) =>
  json({ apiKeys: names.map((name) => ({ apiKeyId: `id-${name}`, name, createdAt: 1000, usage })) })

describe('API keys', () => {
  it('are listed, and a new one is shown once', async () => {
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

  it('are not none before they have been read', async () => {
    const api = new FakeApi().next(
      () => json({ error: { code: 'unreachable', message: 'away' } }, 503),
      () => json({ apiKeys: [] }),
    )
    const keys = new ApiKeys(api)
    await keys.read()
    expect(keys.known).toBe(false)
    await keys.read()
    expect(keys.known).toBe(true)
  })

  it('get limits, and lose them when every field is empty', async () => {
    const api = new FakeApi(() => listed('editor'))
    const keys = new ApiKeys(api)
    const apiKeyId = ApiKeyId.parse('id-editor')
    await keys.limit(apiKeyId, limitsIn({ concurrent: 2, tokensPerMinute: null }))
    await keys.limit(apiKeyId, limitsIn({ concurrent: null }))
    const changes = api.asked.filter(({ method }) => method === 'PATCH').map(({ json }) => json)
    expect(changes).toEqual([{ limits: { concurrent: 2 } }, { limits: null }])
    expect(limitsText({ concurrent: 2, tokensPerMinute: 40_000 })).toBe('40,000 tokens a minute, 2 at a time')
    expect(limitsText({ requestsPerMinute: 1 })).toBe('1 request a minute')
  })

  it('name the machines whose counts are missing', async () => {
    const missing = [{ nodeId: 'n', friendlyName: 'Mac mini' }]
    const keys = new ApiKeys(new FakeApi(() => json({ apiKeys: [], missing })))
    await keys.read()
    expect(keys.missing).toEqual(['Mac mini'])
  })

  it('disappear when they are revoked', async () => {
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

  it('are shown as they are now, not as an answer says that a later one has overtaken', async () => {
    let arrives = (_: Response): void => undefined
    const late = new Promise<Response>((resolve) => {
      arrives = resolve
    })
    const api = new FakeApi().next(
      () => late,
      () => json({ apiKeyId: 'id-editor', name: 'editor', key: 'mst_secret' }, 201),
      () => listed('editor'),
    )
    const keys = new ApiKeys(api)
    const reading = keys.read()
    await keys.create('editor')
    arrives(listed())
    await reading
    expect(keys.list.map(({ name }) => name)).toEqual(['editor'])
  })

  it('are not offered to be copied any more once they are revoked', async () => {
    const api = new FakeApi().next(
      () => json({ apiKeyId: 'id-editor', name: 'editor', key: 'mst_secret' }, 201),
      () => listed('editor', 'phone'),
    )
    const keys = new ApiKeys(api)
    await keys.create('editor')
    api.next(
      () => json({}),
      () => listed('editor'),
    )
    await keys.revoke(ApiKeyId.parse('id-phone'))
    expect(keys.created?.name).toBe('editor')
    api.next(
      () => json({}),
      () => listed(),
    )
    await keys.revoke(ApiKeyId.parse('id-editor'))
    expect(keys.created).toBeUndefined()
  })

  it('stay unchanged when the node refuses', async () => {
    const api = new FakeApi().next(() => listed('editor'))
    const keys = new ApiKeys(api)
    await keys.read()
    await keys.create('phone')
    expect(keys).toMatchObject({ busy: false, created: undefined, problem: { code: 'unreachable' } })
    expect(keys.list).toHaveLength(1)
  })
})
