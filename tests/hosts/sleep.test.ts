import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chat, declare, names, ready, role, state } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const SLEEP_MS = 60_000

/** Nodes that were ever given up, as that node's log has it. */
const timedOut = ({ dataDir }: HostedNode): string[] =>
  readdirSync(join(dataDir, 'log'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(dataDir, 'log', name), 'utf8').split('\n'))
    .filter((line) => line.includes('"NodeTimedOut"'))
    .flatMap((line) => /"nodeId":"([0-9a-f]{64})"/.exec(line)?.[1] ?? [])

describe.skipIf(why !== undefined)('machines that sleep for a minute without saying so', () => {
  const cluster = new HostedCluster(why === undefined ? 4 : 0)
  afterAll(() => cluster.dispose())

  it('depose nobody and time nobody out when they wake up, the master among them', async () => {
    cluster.giveModel(1)
    const [master, second, third, fourth] = (await cluster.startAll()) as [
      HostedNode,
      HostedNode,
      HostedNode,
      HostedNode,
    ]
    await role(master, 'master')
    const { metaInstanceId } = await declare(master, { name: 'steady', nodeIds: [second.nodeId] })
    await ready(third, metaInstanceId)
    const [instance] = Object.keys((await state(second)).instances)

    for (const sleeper of [master, fourth]) sleeper.signal('SIGSTOP')
    const woken = new Promise((resolve) => setTimeout(resolve, SLEEP_MS))
    const { masterNodeId } = await until(
      'another master',
      () => state(third),
      (found) => found.masterNodeId !== master.nodeId && found.masterNodeId !== undefined,
    )
    await declare(third, { name: 'meanwhile', paused: true })
    expect(await chat(third, 'steady')).not.toBe('')
    await woken

    for (const sleeper of [master, fourth]) sleeper.signal('SIGCONT')
    for (const sleeper of [master, fourth]) {
      await role(sleeper, 'follower')
      await until(
        'it knows what happened',
        () => names(sleeper),
        (found) => found.includes('meanwhile'),
      )
    }
    // Twice as long as anybody may be silent.
    await new Promise((resolve) => setTimeout(resolve, 7000))
    for (const node of [master, second, third, fourth]) {
      expect(await state(node)).toMatchObject({ masterNodeId, instances: { [instance ?? '']: {} } })
      expect(Object.keys((await state(node)).nodes)).toHaveLength(4)
    }
    const gone = new Set([second, third].flatMap(timedOut))
    expect([...gone].every((nodeId) => [master.nodeId, fourth.nodeId].some((one) => one === nodeId))).toBe(true)
  })
})
