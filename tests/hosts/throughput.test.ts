import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { State } from '@core/state/state'
import { edgesOf, isSocketEdge, type SocketEdge } from '@core/state/topology'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

describe.skipIf(why !== undefined)('the connections of two machines', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    nodes = await cluster.startAll()
  })
  afterAll(() => cluster.dispose())

  const edges = async (): Promise<SocketEdge[]> => {
    const [first] = nodes
    return first ? edgesOf(State.parse(await first.ask('/state')).topology).filter(isSocketEdge) : []
  }

  it('are measured once, without being asked', async () => {
    const measured = await until('both ways are measured', edges, (found) => {
      const known = found.filter(({ bytesPerSecond }) => bytesPerSecond !== undefined)
      return known.length === found.length && new Set(known.map(({ from }) => from)).size === 2
    })
    // How fast depends on what else the machine does.
    for (const { bytesPerSecond = 0 } of measured) expect(bytesPerSecond).toBeGreaterThan(0)
  })

  it('are measured anew when somebody asks, at either end', async () => {
    const [first, second] = nodes
    if (!first || !second) throw new Error('two nodes run')
    // What arrives at the first comes from the second.
    second.host.limit(16e6)
    await first.ask('/cluster/measure', { method: 'POST', json: { from: first.nodeId, to: second.nodeId } })
    await second.ask('/cluster/measure', { method: 'POST', json: { from: first.nodeId, to: second.nodeId } })
    const [edge] = await until('the new figure', edges, (found) =>
      found.some(({ from, bytesPerSecond = Infinity }) => from === first.nodeId && bytesPerSecond < 10e6),
    ).then((found) => found.filter(({ from }) => from === first.nodeId))
    expect(edge?.bytesPerSecond).toBeGreaterThan(0)
    expect(edge?.bytesPerSecond).toBeLessThan(3e6)
  })
})
