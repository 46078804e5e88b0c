import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sighting } from '@main/cluster/discovery'
import { root } from '../harness/paths'
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
})
