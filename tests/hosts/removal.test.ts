import { afterEach, describe, expect, it } from 'vitest'
import { declare, names, role } from './acts'
import { allLinked, HostedCluster, joinBy, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

const start = async (count: number): Promise<[HostedNode, HostedNode, ...HostedNode[]]> => {
  cluster = new HostedCluster(count)
  for (let at = 0; at < count; at += 1) cluster.giveModel(at)
  return (await cluster.startAll()) as [HostedNode, HostedNode, ...HostedNode[]]
}

const remove = (by: HostedNode, whom: HostedNode): Promise<unknown> =>
  by.ask(`/members/${whom.nodeId}`, { method: 'DELETE' })

const alone = (node: HostedNode): Promise<unknown> =>
  until(
    'it is on its own',
    () => node.cluster(),
    ({ members, role }) => members.length === 1 && role === 'master',
  )

describe.skipIf(why !== undefined)('a removed member', () => {
  it('is trusted no more at once, and again when it joins anew', async () => {
    const [first, second] = await start(2)
    await remove(first, second)
    await alone(second)
    expect((await first.cluster()).members).toHaveLength(1)
    await joinBy(first, second)
    await allLinked(first, 2)
  })

  it('that was away meanwhile learns of it when it is back, and goes on by itself', async () => {
    const [first, second] = await start(2)
    await declare(first, { name: 'of the cluster', paused: true })
    await second.stop()
    await remove(first, second)
    const back = await cluster.start(1)
    await alone(back)
    // What the cluster declared is the cluster's.
    expect(await names(back)).toEqual([])
    expect(await names(first)).toEqual(['of the cluster'])
    await joinBy(first, back)
    await allLinked(first, 2)
  })

  it('may be the master: the others go on without it, and it by itself', async () => {
    const [first, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    await role(first, 'master')
    await remove(second, first)
    await alone(first)
    await Promise.all([second, third].map((node) => allLinked(node, 2)))
    await declare(third, { name: 'afterwards', paused: true })
    expect(await names(first)).toEqual([])
  })
})
