import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chat, declare, ready, state } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

describe.skipIf(why !== undefined)('one model over two machines', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  let alone: string
  beforeAll(async () => {
    cluster.giveModel(0)
    nodes = await cluster.startAll()
    const { metaInstanceId } = await declare(first(), { name: 'alone', nodeIds: [first().nodeId] })
    await ready(first(), metaInstanceId)
    alone = await chat(first(), 'alone')
  })
  afterAll(() => cluster.dispose())
  const first = (): HostedNode => nodes[0] as HostedNode
  const second = (): HostedNode => nodes[1] as HostedNode

  it('finds the ways between the machines, both ways', async () => {
    await until(
      'edges both ways',
      () => state(second()),
      ({ topology }) => Object.keys(topology.edges).length >= 2,
    )
  })

  it.each(['Pipeline', 'Tensor'] as const)(
    '%s gives the text of one machine, at either machine, and the second machine copies the model itself',
    async (sharding) => {
      const { metaInstanceId } = await declare(second(), { name: sharding, sharding, minNodes: 2 })
      await ready(second(), metaInstanceId)
      expect(alone).not.toBe('')
      expect(await chat(first(), sharding)).toBe(alone)
      expect(await chat(second(), sharding)).toBe(alone)
      await first().ask(`/meta_instance/${metaInstanceId}`, { method: 'DELETE' })
    },
  )
})
