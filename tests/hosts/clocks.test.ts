import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { WarningsResponse } from '@core/protocols/control'
import { declare, ready } from './acts'
import { allLinked, HostedCluster, joinBy, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
const HOUR_MS = 3_600_000
const shifted = (milliseconds: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${join(import.meta.dirname, '..', 'harness', 'shifted-clock.cjs')}`,
  SHIFTED_CLOCK_MS: String(milliseconds),
})
const clockWarnings = async (node: HostedNode) =>
  WarningsResponse.parse(await node.ask('/warnings')).warnings.filter(({ code }) => code === 'wrong-clock')

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('a machine whose clock is wrong', () => {
  it('is named on every machine, and models are served meanwhile', async () => {
    cluster = new HostedCluster(3)
    cluster.giveModel(0)
    const nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at, at === 2 ? { env: shifted(HOUR_MS) } : {})))
    const [first, second, wrong] = nodes as [HostedNode, HostedNode, HostedNode]
    for (const other of [second, wrong]) await joinBy(first, other)
    await allLinked(first, 3)
    for (const node of nodes)
      await until(
        'its clock is told',
        () => clockWarnings(node),
        (found) => found.length === 1 && found[0]?.nodeIds.join() === wrong.nodeId,
      )
    const [warning] = await clockWarnings(second)
    expect(warning?.title).toMatch(/^The clock of .+ is 60 min ahead\.$/)
    const { metaInstanceId } = await declare(first, { name: 'chat' })
    await ready(wrong, metaInstanceId)
  })
})
