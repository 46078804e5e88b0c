import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sighting } from '@main/cluster/discovery'
import { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { root } from '../harness/paths'
import { allLinked, HostedCluster, until } from './cluster'
import { connectHosts, noHosts, type Host } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

interface Heard {
  readonly seen?: Sighting
  readonly gone?: string
}

/** A node on a host that only announces itself and listens. */
const announcer = (host: Host, nodeId: string) => {
  const child = host.spawn(
    process.execPath,
    [join(root, 'node_modules/tsx/dist/cli.mjs'), join(import.meta.dirname, 'announce.ts'), nodeId],
    {
      cwd: root,
    },
  )
  const heard: Heard[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    heard.push(JSON.parse(line) as Heard)
    for (const look of waiting) look()
  })
  return {
    child,
    until: (holds: (heard: Heard) => boolean): Promise<Heard> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = heard.find(holds)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    stop: async (signal: NodeJS.Signals) => {
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

describe.skipIf(why !== undefined)('discovery', () => {
  let network: ReturnType<typeof connectHosts>
  beforeAll(() => {
    network = connectHosts(3)
  })
  afterAll(() => network.dispose())

  it('finds every other node with where it is, also one that comes later, and hears a goodbye', async () => {
    const [one, two, three] = network.hosts
    if (!one || !two || !three) throw new Error('there are too few hosts')
    const [a, b] = [announcer(one, 'node-a'), announcer(two, 'node-b')]
    expect((await a.until(({ seen }) => seen?.nodeId === 'node-b')).seen).toMatchObject({
      clusterId: 'one',
      version: '0.1.0',
      port: 52417,
      addresses: expect.arrayContaining([two.address]) as unknown,
    })
    await b.until(({ seen }) => seen?.nodeId === 'node-a')
    const c = announcer(three, 'node-c')
    await Promise.all([a, b].map((node) => node.until(({ seen }) => seen?.nodeId === 'node-c')))
    await c.until(({ seen }) => seen?.nodeId === 'node-a')
    await c.stop('SIGTERM')
    await a.until(({ gone }) => gone === 'node-c')
    await Promise.all([a.stop('SIGTERM'), b.stop('SIGTERM')])
  })

  it('finds nodes over IPv6 alone, where only the interface says which network an address means', async () => {
    const alone = connectHosts(2)
    try {
      const [one, two] = alone.hosts
      if (!one || !two) throw new Error('there are too few hosts')
      for (const host of [one, two]) host.onlyIPv6()
      const [a, b] = [announcer(one, 'node-a'), announcer(two, 'node-b')]
      const { seen } = await a.until((heard) => heard.seen?.nodeId === 'node-b')
      expect(seen?.addresses).toContainEqual(expect.stringMatching(/^fe80::.*%eth0$/))
      await b.stop('SIGTERM')
      await a.until(({ gone }) => gone === 'node-b')
      await a.stop('SIGTERM')
    } finally {
      alone.dispose()
    }
  })
})

describe.skipIf(why !== undefined)('two machines without IPv4', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  afterAll(() => cluster.dispose())

  it('join and are linked', async () => {
    for (const host of cluster.hosts) host.onlyIPv6()
    const [member, joiner] = await Promise.all([cluster.start(0), cluster.start(1)])
    await until(
      'the cluster is near',
      () => joiner.cluster(),
      ({ nearby }) => nearby.some(({ nodeId }) => nodeId === member.nodeId),
    )
    await joiner.ask('/cluster/join', { method: 'POST', json: { nodeId: member.nodeId } })
    const { asking } = await until(
      'it asks',
      () => member.cluster(),
      (view) => view.asking.length > 0,
    )
    await member.ask(`/cluster/requests/${asking[0]?.requestId}`, { method: 'POST', json: { allow: true } })
    await Promise.all([member, joiner].map((node) => allLinked(node, 2)))
    const edges = await until(
      'edges both ways',
      async () => edgesOf(State.parse(await member.ask('/state')).topology).filter(isSocketEdge),
      (found) => new Set(found.map(({ from }) => from)).size === 2,
    )
    expect(edges.every(({ ip }) => /^fe80::.*%eth0$/.test(ip))).toBe(true)
  })
})
