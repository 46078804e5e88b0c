import { afterEach, describe, expect, it } from 'vitest'
import { chat, declare, names, ready, state, unlinked } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('of three machines one hears another no more, but is heard by it', () => {
  it.each([
    ['the master is deaf to one', 0, 2],
    ['the master is not heard by one', 2, 0],
    ['a follower is deaf to another', 1, 2],
  ])(
    '%s: all go on, and lose no instance',
    async (_what, deaf, unheard) => {
      cluster = new HostedCluster(3)
      for (let at = 0; at < 3; at += 1) cluster.giveModel(at)
      const nodes = (await cluster.startAll()) as [HostedNode, HostedNode, HostedNode]
      const [first, , third] = nodes
      expect((await first.cluster()).masterNodeId).toBe(first.nodeId)
      for (const [name, { nodeId }] of [['one', first] as const, ['three', third] as const])
        await ready(first, (await declare(first, { name, nodeIds: [nodeId] })).metaInstanceId)
      const expected = await chat(third, 'three', 50)
      const before = Object.keys((await state(first)).instances).sort()
      const [here, there] = [nodes[deaf], nodes[unheard]]
      if (!here || !there) throw new Error('there are too few machines')

      here.host.deafen(there.host)
      await Promise.all([unlinked(here, there), unlinked(there, here)])
      for (const node of nodes) for (const name of ['one', 'three']) expect(await chat(node, name, 50)).toBe(expected)
      for (const [at, node] of nodes.entries()) await declare(node, { name: `declared at ${at}`, paused: true })
      for (const node of nodes)
        await until(
          'all declarations',
          () => names(node),
          (found) => [0, 1, 2].every((at) => found.includes(`declared at ${at}`)),
        )
      for (const node of nodes) {
        const { masterNodeId, instances } = await state(node)
        expect([masterNodeId, Object.keys(instances).sort()]).toEqual([first.nodeId, before])
      }

      here.host.hearAgain(there.host)
      for (const node of nodes) await allLinked(node, 3)
      for (const node of nodes) expect(Object.keys((await state(node)).instances).sort()).toEqual(before)
    },
    300_000,
  )
})
