import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { chat, declare, ready, state } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()

/** Of the one runner that there is. */
const runnerIn = ({ runners }: State): { pid?: number | undefined; status: string } | undefined =>
  Object.values(runners)[0]

describe.skipIf(why !== undefined)('a planned restart of one machine of several', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    cluster.giveModel(1)
    nodes = await cluster.startAll()
  })
  afterAll(() => cluster.dispose())

  it.each([
    ['the other one', 1],
    ['the one that leads at first', 0],
  ])('loses no request that %s passes on, and keeps the process', async (_which, restarted) => {
    const [first, second] = nodes
    if (!first || !second) throw new Error('there are two nodes')
    cluster.giveModel(restarted)
    const going = nodes[restarted] as HostedNode
    const staying = nodes[1 - restarted] as HostedNode
    const { metaInstanceId } = await declare(staying, { name: `kept-${restarted}`, nodeIds: [going.nodeId] })
    await ready(staying, metaInstanceId)
    const before = runnerIn(await state(staying))
    let stop = false
    let answered = 0
    const clients = Array.from({ length: 3 }, async () => {
      while (!stop) {
        expect(await chat(staying, `kept-${restarted}`, 8)).not.toBe('')
        answered += 1
      }
    })
    await until(
      'answers',
      () => Promise.resolve(answered),
      (count) => count > 5,
    )
    await going.leave()
    nodes[restarted] = await cluster.start(restarted)
    const reached = answered + 5
    await until(
      'answers again',
      () => Promise.resolve(answered),
      (count) => count > reached,
    )
    stop = true
    await Promise.all(clients)
    const after = await until(
      'the runner is known',
      () => state(staying),
      (now) => runnerIn(now) !== undefined,
    )
    expect(runnerIn(after)?.pid).toBe(before?.pid)
    await staying.ask(`/meta_instance/${metaInstanceId}`, { method: 'DELETE' })
    await until(
      'it is gone',
      () => state(staying),
      ({ runners }) => Object.keys(runners).length === 0,
    )
  })
})
