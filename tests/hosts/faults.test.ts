import { afterEach, describe, expect, it } from 'vitest'
import { chat, connected, declare, names, ready, role, state, statusOf, stream } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
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

describe.skipIf(why !== undefined)('a cluster of machines', () => {
  it('goes on deciding when its master is killed, and loses nothing it had acknowledged', async () => {
    const nodes = await start(3)
    const [master, second] = nodes
    const declared: string[] = []
    for (let count = 0; count < 20; count += 1) {
      await declare(count % 2 === 0 ? master : second, { name: `before ${count}`, paused: true })
      declared.push(`before ${count}`)
    }
    await master.kill()
    await declare(second, { name: 'after', paused: true })
    for (const node of nodes.slice(1))
      await until(
        'all declarations',
        () => names(node),
        (found) => [...declared, 'after'].every((one) => found.includes(one)),
      )
    const back = await cluster.start(0)
    await role(back, 'follower')
    await until(
      'the one that was away knows it too',
      () => names(back),
      (found) => found.includes('after'),
    )
  })

  it('keeps streams going and loses nothing while its master is killed under load', async () => {
    const [master, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    const { metaInstanceId } = await declare(master, { name: 'steady', nodeIds: [second.nodeId] })
    await ready(third, metaInstanceId)
    const expected = await chat(third, 'steady', 300)
    const pids = async (): Promise<unknown[]> => Object.values((await state(second)).runners).map(({ pid }) => pid)
    const before = await pids()

    const streams = [second, third, third].map((node) => stream(node, 'steady', 300))
    await Promise.all(streams.map(({ begun }) => begun))
    const declaring = Array.from({ length: 10 }, (_, count) =>
      declare(count % 2 === 0 ? second : third, { name: `during ${count}`, paused: true }),
    )
    await master.kill()
    await Promise.all(declaring)
    for (const { whole } of streams) expect(await whole).toBe(expected)
    for (const node of [second, third])
      await until(
        'everything that was acknowledged',
        () => names(node),
        (found) => found.filter((one) => one.startsWith('during')).length === 10,
      )
    expect(await pids()).toEqual(before)
    expect(await chat(third, 'steady', 300)).toBe(expected)
  })

  it('merges what was declared on both sides of a cut', async () => {
    const [first, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    await declare(first, { name: 'common', paused: true })
    first.host.unplug()
    await until(
      'both sides lead',
      () => Promise.all([first.cluster(), second.cluster(), third.cluster()]),
      (views) => views[0].role === 'master' && views.slice(1).some((view) => view.role === 'master'),
    )
    await declare(first, { name: 'here', paused: true })
    await declare(second, { name: 'there', paused: true })
    const common = Object.values((await state(first)).metaInstances).find(({ name }) => name === 'common')
    await first.ask(`/meta_instance/${common?.metaInstanceId}`, { method: 'DELETE' })
    first.host.plug()
    for (const node of [first, second, third])
      await until(
        'one state',
        () => names(node),
        (found) => found.join() === 'here,there',
      )
    const masters = await Promise.all([first, second, third].map(async (node) => (await node.cluster()).masterNodeId))
    expect(new Set(masters).size).toBe(1)
  })

  it('computes no further for a machine that died, and knows that its requests ended when it is back', async () => {
    const nodes = await start(2)
    await connected(nodes[0], 2)
    const [view] = await Promise.all([nodes[0].cluster(), role(nodes[0], 'master')])
    expect(view.masterNodeId).toBe(nodes[0].nodeId)
    const [serving, asked] = nodes
    const { metaInstanceId } = await declare(serving, { name: 'far', nodeIds: [serving.nodeId] })
    await ready(asked, metaInstanceId)
    const task = async () =>
      Object.values((await state(serving)).tasks).find(({ takenBy }) => takenBy === asked.nodeId)?.status
    const runner = async () => Object.values((await state(serving)).runners)[0]?.status
    const { begun, whole } = stream(asked, 'far', 1500)
    const brokenOff = expect(whole).rejects.toThrow('broke off')
    await begun
    await until('it runs', task, (status) => status === 'Running')
    await asked.kill()
    await brokenOff
    await until('an idle runner', runner, (status) => status === 'Ready')
    // A whole answer to one user alone is measured: this one was not.
    const speeds = async () => (await state(serving)).nodes[serving.nodeId]?.speeds
    expect(await speeds()).toBeUndefined()
    await cluster.start(1)
    await until('it has ended', task, (status) => status === 'Cancelled')
    await chat(serving, 'far', 100)
    await until('a whole answer is measured', speeds, (measured) => measured?.length === 1)
  })

  it('answers from another machine what was asked of one that died, or hangs, before its first token', async () => {
    const [first, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    for (const { nodeId } of [second, third]) {
      const { metaInstanceId } = await declare(first, { nodeIds: [nodeId] })
      await ready(first, metaInstanceId)
    }
    const many = (): Promise<string[]> => Promise.all(Array.from({ length: 6 }, () => chat(first, 'muster/tiny')))
    const expected = await many()
    // Its link stays for seconds: nobody knows yet that it answers nothing any more.
    second.signal('SIGSTOP')
    expect(await many()).toEqual(expected)
    second.signal('SIGCONT')
    await allLinked(first, 3)
    await third.kill()
    expect(await many()).toEqual(expected)
  })

  it('replaces an instance when a rank is killed, and serves again', async () => {
    const [first, second] = await start(2)
    const { metaInstanceId } = await declare(first, { name: 'ring', minNodes: 2 })
    await ready(first, metaInstanceId)
    const [instance] = Object.values((await state(first)).instances)
    const rank = instance?.shards.find(({ nodeId }) => nodeId === second.nodeId)
    const { pid } = (await state(second)).runners[rank?.runnerId ?? ''] ?? {}
    process.kill(pid ?? NaN, 'SIGKILL')
    await until(
      'it counts the failure',
      statusOf(first, metaInstanceId),
      ({ lastFailureError }) => lastFailureError !== undefined,
    )
    const { lastFailureError } = await ready(first, metaInstanceId)
    expect(lastFailureError).toContain('machine 2')
  })

  it('ends an instance whose rank hangs, and serves again', async () => {
    const [first, second] = await start(2)
    const { metaInstanceId } = await declare(first, { name: 'ring', minNodes: 2 })
    await ready(first, metaInstanceId)
    const [instance] = Object.values((await state(first)).instances)
    const rank = instance?.shards.find(({ nodeId }) => nodeId === second.nodeId)
    process.kill((await state(second)).runners[rank?.runnerId ?? '']?.pid ?? NaN, 'SIGSTOP')
    await until(
      'it counts the failure',
      statusOf(first, metaInstanceId),
      ({ lastFailureError }) => lastFailureError !== undefined,
    )
    await ready(first, metaInstanceId)
  })

  it('gives up an instance when a cable is pulled, and serves on what is left', async () => {
    const [first, second] = await start(2)
    await connected(first, 2)
    const { metaInstanceId } = await declare(first, { name: 'pair', placementPreference: 'largest' })
    await ready(first, metaInstanceId)
    expect(Object.values((await state(first)).instances)[0]?.shards).toHaveLength(2)
    second.host.unplug()
    await until(
      'each side serves alone',
      async () => Promise.all([state(first), state(second)]),
      (states) => states.every(({ instances }) => Object.values(instances).every(({ shards }) => shards.length === 1)),
    )
    await ready(first, metaInstanceId)
    await ready(second, metaInstanceId)
    second.host.plug()
    await until(
      'one instance again',
      () => state(first),
      ({ instances, nodes }) => Object.keys(nodes).length === 2 && Object.keys(instances).length === 1,
    )
  })

  it('is not taken over by a master that slept', async () => {
    const [first, second] = await start(2)
    await role(first, 'master')
    first.signal('SIGSTOP')
    await role(second, 'master')
    await declare(second, { name: 'meanwhile', paused: true })
    first.signal('SIGCONT')
    await role(first, 'follower')
    await until(
      'it knows',
      () => names(first),
      (found) => found.includes('meanwhile'),
    )
    expect((await second.cluster()).role).toBe('master')
  })

  it('goes on at once when its master quits, and knows that it left', async () => {
    const [first, second] = await start(2)
    await declare(first, { name: 'before', paused: true })
    await first.stop()
    await role(second, 'master')
    expect(await names(second)).toEqual(['before'])
    await until(
      'it is no part of the topology',
      () => state(second),
      ({ nodes }) => !(first.nodeId in nodes),
    )
  })

  it('copies a model from another machine, and goes on after an interruption', async () => {
    cluster = new HostedCluster(2)
    cluster.giveModel(0)
    const [first, second] = (await cluster.startAll()) as [HostedNode, HostedNode]
    // Slow enough to be interrupted in the middle.
    first.host.limit(2_000_000)
    const { metaInstanceId } = await declare(first, { name: 'there', nodeIds: [second.nodeId] })
    await until('it has begun', statusOf(first, metaInstanceId), ({ status }) => status === 'DOWNLOADING')
    first.host.unplug()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    first.host.plug()
    await ready(second, metaInstanceId)
    expect((await state(second)).downloads[second.nodeId]?.['muster/tiny']?.status).toBe('Complete')
  })
})
