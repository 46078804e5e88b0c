import { mkdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HistoryEvent } from '@core/events/history-event'
import { poisonedPython } from '../harness/poisoned-python'
import { chat, connected, declare, ready, state, stream } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests of suspects on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

const start = async (count: number): Promise<HostedNode[]> => {
  cluster = new HostedCluster(count)
  mkdirSync(cluster.dataDir(0), { recursive: true })
  for (let at = 0; at < count; at += 1) cluster.giveModel(at)
  return cluster.startAll({ env: { MUSTER_PYTHON: poisonedPython(cluster.dataDir(0)) } })
}

/** The code and the words of a refusal. */
const refusal = async (node: HostedNode, model: string, content: string): Promise<string> => {
  const json = { model, messages: [{ role: 'user', content }], max_tokens: 3, temperature: 0 }
  const answer = node.ask('/v1/chat/completions', { method: 'POST', json })
  return answer.then(
    (answered) => `answered: ${JSON.stringify(answered)}`,
    (error: unknown) => String(error),
  )
}

const failures = async (node: HostedNode, ids: readonly string[]): Promise<number> => {
  const histories = await Promise.all(ids.map((id) => node.ask(`/meta_instance/${id}/history`)))
  return histories
    .flatMap((history) => z.object({ events: z.array(HistoryEvent) }).parse(history).events)
    .filter(
      ({ event }) => event.type === 'InstanceRetrying' || (event.type === 'InstanceDeleted' && event.failureError),
    )
    .reduce((sum, { repeated }) => sum + (repeated?.times ?? 1), 0)
}

describe.skipIf(why !== undefined)('a request that crashes whatever runner is given it', () => {
  it('is tried once more, ends no third runner wherever it is sent again, and is refused by name', async () => {
    const [first, second, third] = (await start(3)) as [HostedNode, HostedNode, HostedNode]
    const places = { 'at second': second, 'at third': third }
    const ids: string[] = []
    for (const [name, { nodeId }] of Object.entries(places)) {
      const { metaInstanceId } = await declare(first, { name, nodeIds: [nodeId] })
      ids.push(metaInstanceId)
      await ready(first, metaInstanceId)
    }
    expect(await refusal(first, 'muster/tiny', 'poison')).toContain('runner_failed')
    await until(
      'two failures',
      () => failures(first, ids),
      (count) => count === 2,
    )
    for (const node of [first, second, third])
      for (const model of ['muster/tiny', ...Object.keys(places)]) {
        const refused = await refusal(node, model, 'poison')
        expect(refused).toContain('ended_runners')
        expect(refused).toMatch(/machine [23]: .*SIGSEGV/)
      }
    for (const id of ids) await ready(first, id)
    expect(await failures(first, ids)).toBe(2)
    expect(await chat(third, 'at second', 3)).not.toBe('')
  })

  it('is refused by a machine that has seen none of its deaths', async () => {
    const [first, second] = (await start(2)) as [HostedNode, HostedNode]
    const ids: string[] = []
    for (const { nodeId } of [first, second]) {
      const { metaInstanceId } = await declare(first, { name: `at ${nodeId}`, nodeIds: [nodeId] })
      ids.push(metaInstanceId)
      await ready(second, metaInstanceId)
    }
    // Both tries are there: nobody else serves that name.
    expect(await refusal(second, `at ${second.nodeId}`, 'poison')).toContain('runner_failed')
    await until(
      'two failures',
      () => failures(first, ids),
      (count) => count === 2,
    )
    expect(await refusal(first, `at ${first.nodeId}`, 'poison')).toContain('ended_runners')
    expect(await failures(first, ids)).toBe(2)
  })

  it('is refused as well where it crashes a rank that is not the first', async () => {
    const [first, second] = (await start(2)) as [HostedNode, HostedNode]
    await connected(first, 2)
    const { metaInstanceId } = await declare(first, { name: 'ring', minNodes: 2 })
    const crash = async (): Promise<void> => {
      await ready(first, metaInstanceId)
      const { instances, runners } = await state(first)
      const last = Object.values(instances)[0]?.shards.find(({ rank }) => rank === 1)
      const { begun, whole } = stream(second, 'ring', 1500)
      const brokenOff = expect(whole).rejects.toThrow()
      await begun
      process.kill(runners[last?.runnerId ?? '']?.pid ?? NaN, 'SIGSEGV')
      await brokenOff
    }
    await crash()
    await until(
      'a failure',
      () => failures(first, [metaInstanceId]),
      (count) => count === 1,
    )
    await crash()
    await until(
      'another failure',
      () => failures(first, [metaInstanceId]),
      (count) => count === 2,
    )
    await ready(first, metaInstanceId)
    await expect(chat(second, 'ring', 1500)).rejects.toThrow('ended_runners')
    expect(await chat(second, 'ring', 3)).not.toBe('')
  })
})
