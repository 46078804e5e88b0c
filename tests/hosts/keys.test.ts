import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { ApiKeysResponse, CreatedApiKey, type ApiKeyView } from '@core/protocols/api-keys'
import { State } from '@core/state/state'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests of keys among several machines: ${why}.`)

describe.skipIf(why !== undefined)('a key that is used at two machines', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  let created: z.infer<typeof CreatedApiKey>
  beforeAll(async () => {
    cluster.giveModel(0)
    nodes = await cluster.startAll()
    const [first] = nodes
    created = CreatedApiKey.parse(await first?.ask('/api_keys', { method: 'POST', json: { name: 'both' } }))
    await first?.ask('/meta_instance', { method: 'POST', json: { modelId: 'muster/tiny', nodeIds: [first.nodeId] } })
    await until(
      'ready everywhere',
      () => Promise.all(nodes.map(async (node) => State.parse(await node.ask('/state')))),
      (states) => states.every(({ runners }) => Object.values(runners).some(({ status }) => status === 'Ready')),
    )
  })
  afterAll(() => cluster.dispose())

  const use = (node: HostedNode | undefined): Promise<unknown> =>
    node?.ask('/v1/chat/completions', {
      method: 'POST',
      key: created.key,
      json: { model: 'muster/tiny', messages: [{ role: 'user', content: 'hello' }], max_tokens: 3 },
    }) ?? Promise.reject(new Error('two nodes run'))
  const seenBy = async (node: HostedNode | undefined): Promise<ApiKeysResponse> =>
    ApiKeysResponse.parse(await node?.ask('/api_keys'))
  const requestsOf = ({ apiKeys: [key] }: { apiKeys: ApiKeyView[] }) => key?.usage.total.requests

  it('has all of its usage at both, counted by those that took its requests', async () => {
    const [first, second] = nodes
    await use(first)
    await use(second)
    await use(second)
    for (const node of nodes) {
      const seen = await seenBy(node)
      expect([requestsOf(seen), seen.missing]).toEqual([3, undefined])
    }
  })

  it('lacks what a machine has counted that is away, and says which', async () => {
    const [first, second] = nodes
    await second?.stop()
    const seen = await until(
      'the other one is away',
      () => seenBy(first),
      ({ missing }) => missing !== undefined,
    )
    expect([requestsOf(seen), seen.missing?.map(({ friendlyName }) => friendlyName)]).toEqual([1, ['machine 2']])
    await cluster.start(1)
    expect(
      requestsOf(
        await until(
          'it is back',
          () => seenBy(first),
          ({ missing }) => missing === undefined,
        ),
      ),
    ).toBe(3)
  })
})
