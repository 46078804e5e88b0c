import { afterEach, describe, expect, it } from 'vitest'
import { chat, declare, names, ready, state, stream, unlinked } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('three machines of which two do not reach one another', () => {
  it('all answer requests for what runs on any of them, take declarations, and lose no instance', async () => {
    cluster = new HostedCluster(3)
    for (let at = 0; at < 3; at += 1) cluster.giveModel(at)
    const nodes = (await cluster.startAll()) as [HostedNode, HostedNode, HostedNode]
    const [first, , third] = nodes
    const ids: string[] = []
    for (const [name, node] of [['one', first] as const, ['three', third] as const])
      ids.push((await declare(first, { name, nodeIds: [node.nodeId] })).metaInstanceId)
    for (const id of ids) await ready(first, id)
    const expected = await chat(third, 'three', 200)
    const before = Object.keys((await state(first)).instances).sort()

    first.host.cut(third.host)
    await Promise.all([unlinked(first, third), unlinked(third, first)])
    for (const node of nodes) for (const name of ['one', 'three']) expect(await chat(node, name, 200)).toBe(expected)
    // Several at once, token by token, both ways over the one machine between.
    const streams = [1, 2, 3].flatMap(() => [stream(first, 'three', 200), stream(third, 'one', 200)])
    for (const { whole } of streams) expect(await whole).toBe(expected)
    for (const [at, node] of nodes.entries()) await declare(node, { name: `declared at ${at}`, paused: true })
    for (const node of nodes)
      await until(
        'all declarations',
        () => names(node),
        (found) => [0, 1, 2].every((at) => found.includes(`declared at ${at}`)),
      )
    for (const node of nodes) expect(Object.keys((await state(node)).instances).sort()).toEqual(before)

    first.host.mend(third.host)
    for (const node of nodes) await allLinked(node, 3)
    expect(await chat(first, 'three', 200)).toBe(expected)
    for (const node of nodes) expect(Object.keys((await state(node)).instances).sort()).toEqual(before)
  }, 300_000)
})
