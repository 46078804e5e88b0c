import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import type { Download } from '@core/state/downloads'
import type { HubRequest } from '../harness/fake-hub'
import { tinyAdapter, tinyModel } from '../harness/models'
import { root } from '../harness/paths'
import { chat, connected, declare, ready, state } from './acts'
import { allLinked, HostedCluster, joinBy, until, type HostedNode } from './cluster'
import { noHosts, type Host } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const TINY = 'muster/tiny'
const weights = () => readFileSync(join(tinyModel(), 'model.safetensors')).length

interface HostedHub {
  readonly url: string
  /** What was asked of it so far. */
  requests(): Promise<HubRequest[]>
  limit(bytesPerSecond: number): Promise<unknown>
}

const hubOn = async (host: Host): Promise<HostedHub> => {
  const script = join(import.meta.dirname, 'hub-process.ts')
  const child = host.spawn(process.execPath, [join(root, 'node_modules/tsx/dist/cli.mjs'), script, host.address])
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('no process')
  end = () => stdin.end()
  const lines = createInterface({ input: stdout })
  const next = async (): Promise<unknown> => JSON.parse(String((await once(lines, 'line'))[0])) as unknown
  const ask = (line: string): Promise<unknown> => {
    const answer = next()
    stdin.write(`${line}\n`)
    return answer
  }
  const url = await next()
  return {
    url: String(url),
    requests: async () => (await ask('')) as HubRequest[],
    limit: (speed) => ask(String(speed)),
  }
}

/** Bytes of the weights that the hub has sent. */
const sentBy = (requests: readonly HubRequest[]): number =>
  requests.filter(({ path }) => path.includes('/model.safetensors?')).reduce((sum, { sent }) => sum + sent, 0)

const downloadOn = (node: HostedNode) => async (): Promise<Download | undefined> =>
  (await state(node)).downloads[node.nodeId]?.[TINY]

let end = (): void => undefined
let cluster: HostedCluster
afterEach(async () => {
  end()
  await cluster.dispose()
})

describe.skipIf(why !== undefined)('a model that a machine needs', () => {
  /** Two machines that belong together, and a hub on a third. */
  const start = async (): Promise<{ nodes: [HostedNode, HostedNode]; hub: HostedHub }> => {
    const place = cluster.hosts[2]
    if (!place) throw new Error('no host for the hub')
    const hub = await hubOn(place)
    const env = { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' }
    const nodes = (await Promise.all([0, 1].map((at) => cluster.start(at, { env })))) as [HostedNode, HostedNode]
    await joinBy(...nodes)
    await Promise.all(nodes.map((node) => allLinked(node, 2)))
    return { nodes, hub }
  }

  it('is copied from another machine that has it, and the hub is not asked', async () => {
    cluster = new HostedCluster(3)
    cluster.giveModel(0)
    const { nodes, hub } = await start()
    const [first, second] = nodes
    await connected(second, 2)
    const { metaInstanceId } = await declare(second, { name: 'both', minNodes: 2 })
    await ready(second, metaInstanceId)
    expect(await chat(first, 'both')).toBe(await chat(second, 'both'))
    expect(await hub.requests()).toEqual([])
  })

  it('may name a LoRA adapter that only another machine has: both are copied, and the answers are the adapter’s', async () => {
    cluster = new HostedCluster(3)
    cluster.giveModel(0)
    cluster.giveModel(0, 'tuned', tinyAdapter())
    const { nodes, hub } = await start()
    const [first, second] = nodes
    const adapterId = 'muster/tuned'
    const there = await declare(second, { name: 'there', nodeIds: [second.nodeId], adapterId })
    const here = await declare(second, { name: 'here', nodeIds: [first.nodeId], adapterId })
    const plain = await declare(second, { name: 'plain', nodeIds: [second.nodeId] })
    for (const { metaInstanceId } of [there, here, plain]) await ready(second, metaInstanceId)
    expect((await state(second)).downloads[second.nodeId]).toMatchObject({
      [TINY]: { status: 'Complete' },
      [adapterId]: { status: 'Complete' },
    })
    const copied = await chat(first, 'there')
    expect(copied).toBe(await chat(second, 'here'))
    expect(copied).not.toBe(await chat(second, 'plain'))
    expect(await hub.requests()).toEqual([])
  })

  it('is finished from the hub where the machine that has it dies in the middle', async () => {
    cluster = new HostedCluster(3)
    cluster.giveModel(0)
    const { nodes, hub } = await start()
    const [first, second] = nodes
    // Slow enough to die in the middle of it.
    first.host.limit(900_000)
    const { metaInstanceId } = await declare(second, { name: 'there', nodeIds: [second.nodeId] })
    await until('a good part of it', downloadOn(second), (download) => (download?.downloadedBytes ?? 0) > 250_000)
    // What a killed process has said is still on its way; what a machine without power has said is not.
    first.host.unplug()
    await first.kill()
    await ready(second, metaInstanceId)
    const requests = await hub.requests()
    const [begun] = requests.filter(({ path }) => path.includes('/model.safetensors?'))
    // What has come is told a little before it is written.
    expect(Number(/\d+/.exec(begun?.range ?? '')?.[0])).toBeGreaterThan(100_000)
    expect(sentBy(requests)).toBeLessThan(weights() - 100_000)
  })

  it('is fetched once where both need it and neither has it: the other copies it', async () => {
    cluster = new HostedCluster(3)
    const { nodes, hub } = await start()
    const [, second] = nodes
    await connected(second, 2)
    await hub.limit(300_000)
    const { metaInstanceId } = await declare(second, { name: 'both', minNodes: 2 })
    await ready(second, metaInstanceId)
    expect(sentBy(await hub.requests())).toBe(weights())
    for (const node of nodes) expect((await downloadOn(node)())?.status).toBe('Complete')
  })

  it('is fetched by another machine than the one that is asked, and deleted there', async () => {
    cluster = new HostedCluster(3)
    const { nodes } = await start()
    const [first, second] = nodes
    await first.ask(`/models/${TINY}/download`, { method: 'POST', json: { nodeId: second.nodeId } })
    await until('it is there', downloadOn(second), (download) => download?.status === 'Complete')
    expect(await downloadOn(first)()).toBeUndefined()
    await first.ask(`/models/${TINY}/download?nodeId=${second.nodeId}`, { method: 'DELETE' })
    await until('it is gone', downloadOn(second), (download) => download === undefined)
  })
})
