import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCollector, type OtlpCollector } from '../harness/otlp-collector'
import { chat, declare, ready } from './acts'
import { HostedCluster, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()

describe.skipIf(why !== undefined)('the trace of a request to a model over two machines', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  let collector: OtlpCollector

  beforeAll(async () => {
    const [host] = cluster.hosts
    if (!host) throw new Error('there is no host')
    collector = await startCollector(host.address, (command, args) => host.spawn(command, args))
    cluster.giveModel(0)
    cluster.giveModel(1)
    nodes = await cluster.startAll({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
  })
  afterAll(async () => {
    await cluster.dispose()
    await collector.close()
  })

  it('has the link, the machine of rank 0, and what each rank computed', async () => {
    const [first, second] = nodes
    if (!first || !second) throw new Error('there are two nodes')
    const { metaInstanceId } = await declare(first, { name: 'both', minNodes: 2, sharding: 'Pipeline' })
    await ready(first, metaInstanceId)
    expect(await chat(first, 'both')).not.toBe('')
    expect(await chat(second, 'both')).not.toBe('')
    await collector.until('muster.request', 2)
    await collector.until('muster.runner', 2)
    await collector.until('muster.rank', 2)
    const spans = collector.spans()
    for (const { traceId, resource } of spans.filter(({ name }) => name === 'muster.request')) {
      const own = spans.filter((span) => span.traceId === traceId)
      const at = (name: string): unknown => own.find((span) => span.name === name)?.resource['service.instance.id']
      expect([first.nodeId, second.nodeId]).toContain(resource['service.instance.id'])
      // Rank 0 answers, whichever machine was asked, and the other one computes along.
      expect(new Set([at('muster.runner'), at('muster.rank')])).toEqual(new Set([first.nodeId, second.nodeId]))
      const ids = new Set(own.map(({ spanId }) => spanId))
      for (const { name, parentSpanId } of own) if (name !== 'muster.request') expect(ids).toContain(parentSpanId)
    }
  })
})
