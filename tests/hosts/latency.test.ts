import { afterAll, beforeAll, describe, it } from 'vitest'
import { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { HostedCluster, until, type HostedNode } from './cluster'
import { canDelay, noHosts } from './network'

const why = noHosts() ?? (canDelay() ? undefined : 'this kernel cannot delay packets (it has no netem)')
if (why !== undefined) console.log(`No tests of delayed links: ${why}.`)

describe.skipIf(why !== undefined)('the latency of a connection', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    nodes = await cluster.startAll()
  })
  afterAll(() => cluster.dispose())

  /** Of every connection between the two, in both directions, as one of them knows them. */
  const latencies = async (): Promise<number[]> => {
    const [first] = nodes
    if (!first) return []
    const edges = edgesOf(State.parse(await first.ask('/state')).topology).filter(isSocketEdge)
    const known = edges.flatMap(({ latencyMs }) => latencyMs ?? [])
    return new Set(edges.map(({ from }) => from)).size === 2 && known.length === edges.length ? known : []
  }

  it('rises at both ends when the way there is delayed, and falls again', async () => {
    const [, second] = nodes
    if (!second) throw new Error('two nodes run')
    await until('both ways are known', latencies, (known) => known.length > 0 && Math.max(...known) < 40)
    second.host.delay(80)
    await until('all are slower', latencies, (known) => known.length > 0 && Math.min(...known) > 60)
    second.host.delay(0)
    await until('all are quick again', latencies, (known) => known.length > 0 && Math.max(...known) < 40)
  })
})
