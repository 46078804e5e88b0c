import { afterEach, describe, expect, it } from 'vitest'
import { declare, ready, state, stream } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('a machine that is drained', () => {
  it('gives its models away without a pause, says so, and takes models again', async () => {
    cluster = new HostedCluster(2)
    for (const at of [0, 1]) cluster.giveModel(at)
    const [first, second] = (await cluster.startAll()) as [HostedNode, HostedNode]
    await allLinked(first, 2)
    const { metaInstanceId } = await declare(second, { name: 'chat' })
    await ready(first, metaInstanceId)
    const machines = async (): Promise<string[]> =>
      Object.values((await state(first)).instances).flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId))
    const [from] = await machines()
    const [left, right] = from === first.nodeId ? [first, second] : [second, first]

    const told = await right.muster('drain', left.nodeId, '--dry-run', '--json')
    expect(JSON.parse(told.stdout)).toMatchObject({ declarations: [{ fate: 'moves', nodeIds: [right.nodeId] }] })
    const answer = stream(right, 'chat', 100)
    await answer.begun
    const drained = await right.muster('drain', left.nodeId)
    expect(drained.stdout).toContain('is drained')
    expect(drained.code).toBe(0)
    // The other machine may hear of it a moment later.
    await until('it is on the other machine alone', machines, (found) => found.join() === right.nodeId)
    expect(await answer.whole).not.toBe('')

    const stuck = await left.muster('drain', right.nodeId, '--json')
    expect(stuck.code).toBe(1)
    expect(JSON.parse(stuck.stdout)).toMatchObject({ drained: true, empty: false, remaining: [{ label: 'chat' }] })
    expect((await left.muster('drain', right.nodeId, '--undo')).code).toBe(0)
    expect(await machines()).toEqual([right.nodeId])
    await until(
      'it is drained no more, on both',
      () => state(left),
      ({ members }) => members[right.nodeId]?.drained === undefined && members[left.nodeId]?.drained === true,
    )
  })
})
