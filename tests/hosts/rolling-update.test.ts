import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '@core/state/state'
import { otherVersion, versionOf } from '../harness/other-version'
import { temporaryFolder } from '../harness/headless-node'
import { cli } from '../harness/paths'
import { chat, declare, ready, state, stream } from './acts'
import { allLinked, HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const TOKENS = 24
/** Of an answer that outlasts the end of everything short. */
const LONG = 150

const build = temporaryFolder()
const other = why === undefined ? otherVersion(build.path) : { cli, version: '', title: 'another version' }

/** Process ids of the runners by the machine they are on. */
const pids = ({ instances, runners }: State): Record<string, number | undefined> =>
  Object.fromEntries(
    Object.values(instances)
      .flatMap(({ shards }) => shards)
      .map(({ nodeId, runnerId }) => [nodeId, runners[runnerId]?.pid]),
  )

/** What a person declared, without what the cluster adds to it as it runs. */
const declarations = ({ metaInstances }: State): unknown =>
  Object.values(metaInstances)
    .map(({ name, modelId, nodeIds, paused, generation, replacements, consecutiveFailures }) => ({
      ...{ name, modelId, nodeIds, paused },
      ...{ generation, replacements, consecutiveFailures },
    }))
    .sort((a, b) => String(a.name).localeCompare(String(b.name)))

/** `muster nodes`, as that machine's own build prints it: the version of each machine. */
const versionsSeenBy = async (node: HostedNode): Promise<Record<string, string>> => {
  const { stdout } = await node.muster('nodes', '--json')
  const { nodes } = JSON.parse(stdout) as { nodes: { nodeId: string; version?: string }[] }
  return Object.fromEntries(nodes.map(({ nodeId, version = '' }) => [nodeId, version]))
}

/** Streams from each machine, one after the other, of both machines' models in turn; no answer may be cut or differ. */
const streaming = (nodes: readonly HostedNode[], models: readonly string[], expected: string) => {
  let stopped = false
  const whole = nodes.map(() => 0)
  const clients = nodes.map(async (node, at) => {
    for (let turn = 0; !stopped; turn += 1) {
      const model = models[turn % models.length] ?? ''
      expect(await stream(node, model, TOKENS, { retries: 40 }).whole).toBe(expected)
      whole[at] = (whole[at] ?? 0) + 1
    }
  })
  const failed = Promise.all(clients)
  // A client that fails is seen at the next wait, not as an unhandled rejection.
  failed.catch(() => undefined)
  return {
    /** Each client has got so many more answers. */
    more: (count: number): Promise<unknown> => {
      const goals = whole.map((now) => now + count)
      const reached = until(
        `${count} more answers for each client`,
        () => Promise.resolve(whole),
        (now) => now.every((one, at) => one >= (goals[at] ?? 0)),
      )
      return Promise.race([reached, failed])
    },
    stop: async (): Promise<void> => {
      stopped = true
      await failed
    },
  }
}

describe.skipIf(why !== undefined)(`a cluster of this version and ${other.title}`, () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  beforeAll(async () => {
    cluster.giveModel(0)
    cluster.giveModel(1)
    nodes = await cluster.startAll()
  })
  afterAll(async () => {
    await cluster.dispose()
    build.dispose()
  })

  it('is updated machine by machine and taken back under load: declarations, streams and processes stay', async () => {
    const [first, second] = nodes
    if (!first || !second) throw new Error('there are two nodes')
    const models = ['on-first', 'on-second']
    for (const [at, name] of models.entries()) {
      const { metaInstanceId } = await declare(first, { name, nodeIds: [nodes[at]?.nodeId] })
      await ready(first, metaInstanceId)
    }
    await declare(second, { name: 'paused', paused: true })
    const before = await state(first)
    const long = await chat(first, 'on-first', LONG)
    const load = streaming(nodes, models, await chat(first, 'on-first', TOKENS))

    const own = versionOf(cli)
    const versions: Record<string, string> = { [first.nodeId]: own, [second.nodeId]: own }
    for (const { program, version } of [
      { program: other.cli, version: other.version },
      { program: cli, version: own },
    ])
      for (const at of [1, 0]) {
        await load.more(1)
        const [going, staying] = [nodes[at] as HostedNode, nodes[1 - at] as HostedNode]
        const underWay = nodes.flatMap((node) => models.map((model) => stream(node, model, LONG)))
        const answers = Promise.all(underWay.map(({ whole }) => whole))
        // A failure is seen below, not as an unhandled rejection.
        answers.catch(() => undefined)
        await Promise.all(underWay.map(({ begun }) => begun))
        await going.leave()
        expect(new Set(await answers)).toEqual(new Set([long]))
        const back = await cluster.start(at, { program })
        nodes[at] = back
        versions[going.nodeId] = version
        await Promise.all(nodes.map((node) => allLinked(node, 2)))
        await load.more(1)
        for (const node of nodes) {
          await until(
            'the version of each machine',
            () => versionsSeenBy(node),
            (seen) => JSON.stringify(Object.entries(seen).sort()) === JSON.stringify(Object.entries(versions).sort()),
          )
          const after = await state(node)
          expect(declarations(after)).toEqual(declarations(before))
          expect(pids(after)).toEqual(pids(before))
        }
        // Written by the one leader there is now, whichever version it is.
        const { metaInstanceId } = await declare(staying, { name: `by ${version}`, paused: true })
        await until(
          'what was declared in between',
          () => state(back),
          ({ metaInstances }) => metaInstanceId in metaInstances,
        )
        await back.ask(`/meta_instance/${metaInstanceId}`, { method: 'DELETE' })
        await until(
          'its end',
          () => state(staying),
          ({ metaInstances }) => !(metaInstanceId in metaInstances),
        )
      }
    await load.stop()
  }, 300_000)
})
