import { afterEach, describe, expect, it } from 'vitest'
import type { MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { chat, declare, ready, role, state } from './acts'
import { HostedCluster, until, type HostedNode, type LaunchOptions } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const REHEARSING: Partial<LaunchOptions> = { env: { MUSTER_REHEARSE_JACCL: '1' } }
/** What each machine may send a second, in bits: one event takes tens of milliseconds. */
const SLOW_BITS = 400_000

let cluster: HostedCluster
afterEach(() => cluster.dispose())

const start = async (count: number): Promise<[HostedNode, HostedNode, ...HostedNode[]]> => {
  cluster = new HostedCluster(count)
  for (let at = 0; at < count; at += 1) cluster.giveModel(at)
  return (await cluster.startAll(REHEARSING)) as [HostedNode, HostedNode, ...HostedNode[]]
}

const rdmaEdges = ({ topology }: State) => edgesOf(topology).filter((edge) => !isSocketEdge(edge))

/** Resolves when each of `count` machines rehearses RDMA with each other. */
const joinable = (node: HostedNode, count: number): Promise<State> =>
  until(
    `a rehearsal between ${count} machines`,
    () => state(node),
    (now) => rdmaEdges(now).length === count * (count - 1),
  )

/** Resolves when the node hears that an event of this type has happened. */
const heard = (node: HostedNode, type: string): Promise<void> => {
  const child = node.host.spawn('curl', ['--silent', '--no-buffer', '--max-time', '100', `${node.url}/events`])
  let said = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.includes(`"type":"${type}"`)) return
      resolve()
      child.kill()
    })
    child.once('close', () => reject(new Error(`${type} was not heard of`)))
  })
}

const rehearse = (node: HostedNode, others: readonly HostedNode[]): Promise<MetaInstanceView> =>
  declare(node, {
    name: 'rehearsed',
    sharding: 'Tensor',
    instanceMeta: 'MlxJaccl',
    minNodes: others.length,
    nodeIds: others.map(({ nodeId }) => nodeId),
  })

/** What one machine answers. */
const answerAlone = async (node: HostedNode): Promise<string> => {
  const { metaInstanceId } = await declare(node, { name: 'alone', nodeIds: [node.nodeId] })
  await ready(node, metaInstanceId)
  const answer = await chat(node, 'alone')
  await node.ask(`/meta_instance/${metaInstanceId}`, { method: 'DELETE' })
  expect(answer).not.toBe('')
  return answer
}

/** The process of a node's runner, as soon as there is one. */
const runnerOf = async (node: HostedNode): Promise<number> => {
  const { runners } = await until(
    'a runner',
    () => state(node),
    (now) => Object.values(now.runners).some(({ nodeId, pid }) => nodeId === node.nodeId && pid !== undefined),
  )
  return Object.values(runners).find(({ nodeId }) => nodeId === node.nodeId)?.pid ?? 0
}

/** Stops a node's runner before it can take part in a round, which so stays open. */
const hold = async (node: HostedNode): Promise<{ release(): void }> => {
  const pid = await runnerOf(node)
  process.kill(pid, 'SIGSTOP')
  return {
    release: () => {
      try {
        process.kill(pid, 'SIGCONT')
      } catch {
        // Its supervisor has ended it meanwhile.
      }
    },
  }
}

describe.skipIf(why !== undefined)('a rehearsal of RDMA', () => {
  it('answers as one machine does, and says everywhere what it is', async () => {
    const [first, second] = await start(2)
    const alone = await answerAlone(first)
    for (const edge of rdmaEdges(await joinable(first, 2))) expect(edge).toMatchObject({ fromInterface: /^rehearsal-/ })
    const { metaInstanceId } = await rehearse(second, [first, second])
    const view = await ready(first, metaInstanceId)
    expect(view.statusDetail).toContain('rehearsal of RDMA, computes over the ring')
    for (const node of [first, second]) expect(await chat(node, 'rehearsed')).toBe(alone)
    const [instance] = Object.values((await state(first)).instances)
    expect(instance?.instanceMeta).toBe('MlxJaccl')
    expect(instance?.jaccl?.devices.flat().filter((name) => name !== null)).toEqual([
      expect.stringMatching(/^rehearsal-/),
      expect.stringMatching(/^rehearsal-/),
    ])
  })

  it('is placed nowhere without its test setting', async () => {
    cluster = new HostedCluster(2)
    const [first, second] = (await cluster.startAll()) as [HostedNode, HostedNode]
    await second.stop()
    // What rehearses has nobody to rehearse with.
    await cluster.start(1, REHEARSING)
    await until(
      'one side of a rehearsal',
      () => state(first),
      (now) => rdmaEdges(now).length === 1,
    )
    cluster.giveModel(0)
    const { placementError } = await declare(first, { sharding: 'Tensor', instanceMeta: 'MlxJaccl' })
    expect(placementError?.reason).toBe('Requested RDMA (MlxJaccl) but no RDMA-connected machines are available')
  })

  it('comes about over slow links, and in spite of a rank killed in its midst', async () => {
    const [first, second] = await start(2)
    const alone = await answerAlone(second)
    await joinable(first, 2)
    for (const { host } of [first, second]) host.limit(SLOW_BITS)
    const asked = heard(first, 'JacclSideChannelData')
    const { metaInstanceId } = await rehearse(first, [first, second])
    const held = await hold(second)
    await asked
    // Its round is open: the other rank has not come to it.
    process.kill(await runnerOf(first), 'SIGKILL')
    const failed = await until(
      'a second attempt',
      async () => (await first.ask(`/meta_instance/${metaInstanceId}`)) as MetaInstanceView,
      ({ lastFailureError }) => lastFailureError !== undefined,
    )
    expect(failed.lastFailureError).toContain('SIGKILL')
    held.release()
    await ready(second, metaInstanceId)
    expect(await chat(first, 'rehearsed')).toBe(alone)
  })

  it('comes about in one attempt though the master is killed in its midst', async () => {
    const [master, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    const alone = await answerAlone(third)
    await joinable(second, 3)
    await role(master, 'master')
    const asked = heard(third, 'JacclSideChannelData')
    const { metaInstanceId } = await rehearse(second, [second, third])
    const held = await hold(third)
    await asked
    const before = [await runnerOf(second), await runnerOf(third)]
    await master.kill()
    await until(
      'another master',
      () => Promise.all([second.cluster(), third.cluster()]),
      (views) => ['follower', 'master'].every((wanted) => views.some((view) => view.role === wanted)),
    )
    held.release()
    const view = await ready(third, metaInstanceId)
    expect(view).toMatchObject({ consecutiveFailures: 0 })
    expect(view.lastFailureError).toBeUndefined()
    expect([await runnerOf(second), await runnerOf(third)]).toEqual(before)
    expect(await chat(second, 'rehearsed')).toBe(alone)
  })

  it('begins again when a machine dies in its midst and comes back', async () => {
    const [first, second] = await start(2)
    const alone = await answerAlone(first)
    await joinable(first, 2)
    const asked = heard(first, 'JacclSideChannelData')
    const { metaInstanceId } = await rehearse(first, [first, second])
    const held = await hold(second)
    await asked
    await second.kill()
    // It finds its pipes closed, and ends.
    held.release()
    await until(
      'the group is given up',
      () => state(first),
      ({ instances }) => Object.keys(instances).length === 0,
    )
    await cluster.start(1, REHEARSING)
    await ready(first, metaInstanceId)
    expect(await chat(first, 'rehearsed')).toBe(alone)
  })
})
