import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { declare, ready, state } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
const PROMPT = 'a river, a lantern and a copper harbour '.repeat(20)

interface Answer {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly usage: { readonly prompt_tokens: number; readonly prompt_tokens_details: { readonly cached_tokens: number } }
}

const ask = async (node: HostedNode): Promise<{ readonly text: string | undefined; readonly cached: number }> => {
  const messages = [{ role: 'user', content: PROMPT }]
  const json = { model: 'chat', messages, max_tokens: 20, temperature: 0 }
  const { choices, usage } = (await node.ask('/v1/chat/completions', { method: 'POST', json })) as Answer
  return { text: choices[0]?.message.content, cached: usage.prompt_tokens_details.cached_tokens }
}

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('a declaration that moves to another machine', () => {
  it('takes the prompts along that were computed for it', async () => {
    cluster = new HostedCluster(2)
    for (const at of [0, 1]) cluster.giveModel(at)
    const [first, second] = (await cluster.startAll()) as [HostedNode, HostedNode]
    await allLinked(first, 2)
    const blocks = (at: number): string[] => {
      const top = join(cluster.dataDir(at), 'prompt-cache')
      return readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.safetensors'))
    }
    const { metaInstanceId } = await declare(first, { name: 'chat', nodeIds: [first.nodeId] })
    await ready(first, metaInstanceId)
    const { text, cached } = await ask(first)
    expect(cached).toBe(0)
    const whole = await until(
      'blocks on the first disk',
      () => Promise.resolve(blocks(0)),
      (names) => names.length >= 4,
    )
    await first.ask(`/meta_instance/${metaInstanceId}`, { method: 'PATCH', json: { nodeIds: [second.nodeId] } })
    await until(
      'it moves',
      () => state(first),
      ({ instances }) =>
        Object.values(instances).every(({ shards }) => shards.every(({ nodeId }) => nodeId === second.nodeId)),
    )
    await ready(first, metaInstanceId)
    await until(
      'the blocks arrive',
      () => Promise.resolve(blocks(1)),
      (names) => whole.every((name) => names.includes(name)),
    )
    // A running runner finds new files within seconds, a new one at its start.
    const before = new Set(Object.keys((await state(first)).runners))
    await first.ask(`/meta_instance/${metaInstanceId}/restart`, { method: 'POST' })
    await until(
      'another runner',
      () => state(first),
      ({ runners }) => Object.keys(runners).some((id) => !before.has(id)),
    )
    await ready(first, metaInstanceId)
    const again = await ask(second)
    expect(again.text).toBe(text)
    expect(again.cached).toBeGreaterThanOrEqual(512)
  })
})
