import { execFileSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { runnerEnvironment } from '@main/worker/process/python'
import { python, root } from '../harness/paths'
import { HostedCluster, until, type HostedNode } from '../hosts/cluster'
import { noHosts, type Host } from '../hosts/network'
import { figure, median, milliseconds, seconds, spread, type Bench, type Row } from './report'

const ROUNDS = 20
const CABLES = 20
const STREAMS = 20
const DECODES = 20
const STREAMED_TOKENS = 300
const DECODED_TOKENS = 48
/** Ours ÷ bare mlx-lm, of which each rank samples by itself with tensor sharding, while ours pass the tokens on. */
const LEAST = { Pipeline: 0.96, Tensor: 1 }

type Pair = [HostedNode, HostedNode]

const stateOf = async (node: HostedNode): Promise<State> => (await node.ask('/state')) as State

const declare = async (node: HostedNode, json: object): Promise<string> => {
  const body = { modelId: 'muster/tiny', ...json }
  return ((await node.ask('/meta_instance', { method: 'POST', json: body })) as MetaInstanceView).metaInstanceId
}

const ready = (node: HostedNode, id: string): Promise<MetaInstanceView> =>
  until(
    'READY',
    async () => (await node.ask(`/meta_instance/${id}`)) as MetaInstanceView,
    ({ status }) => status === 'READY',
  )

const edgesBothWays = async (node: HostedNode, pair: Pair): Promise<boolean> => {
  const ways = Object.values((await stateOf(node)).topology.edges)
  const [a, b] = pair.map(({ nodeId }) => nodeId)
  return ways.some(({ from, to }) => from === a && to === b) && ways.some(({ from, to }) => from === b && to === a)
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1000
}

const row = (name: string, values: readonly number[], atMost: number): Row =>
  figure(name, seconds(median(values)), { atMost, value: median(values), unit: 's', noise: spread(values) })

/** A new machine is seen by one that is there; a member that comes back has its ways both ways. */
const arrivals = async (): Promise<Row[]> => {
  const cluster = new HostedCluster(3)
  try {
    let pair: Pair = await Promise.all([cluster.start(0), cluster.start(1)])
    const [first] = pair
    const { stdout } = await first.muster('invite', '--json')
    await pair[1].muster('join', (JSON.parse(stdout) as { token: string }).token)
    const discovered: number[] = []
    const linked: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = performance.now()
      const starting = cluster.start(2, { dataDir: cluster.dataDir(100 + round) })
      await until(
        'seen',
        () => first.cluster(),
        ({ nearby }) => nearby.length > 0,
      )
      discovered.push((performance.now() - from) / 1000)
      await (await starting).stop()
      await until(
        'gone',
        () => first.cluster(),
        ({ nearby }) => nearby.length === 0,
      )
      await pair[1].stop()
      await until(
        'gone',
        () => stateOf(first),
        ({ nodes }) => Object.keys(nodes).length === 1,
      )
      linked.push(
        await timed(async () => {
          pair = [first, await cluster.start(1)]
          await until(
            'edges',
            () => edgesBothWays(first, pair),
            (both) => both,
          )
        }),
      )
    }
    return [row('start → discovered', discovered, 1.5), row('start → edges both ways', linked, 3)]
  } finally {
    await cluster.dispose()
  }
}

/** The master is killed, again and again, and the other one is asked at once. */
const successions = async (): Promise<Row[]> => {
  const cluster = new HostedCluster(2)
  try {
    for (const at of [0, 1]) cluster.giveModel(at)
    await cluster.startAll()
    const accepted: number[] = []
    const declared = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const views = await Promise.all(cluster.nodes.map((node) => node.cluster()))
      const at = views.findIndex(({ role }) => role === 'master')
      const [master, heir] = [cluster.nodes[at], cluster.nodes[1 - at]]
      if (!master || !heir) throw new Error('no master')
      const name = `round ${round}`
      // Paused: only the decision counts.
      await master.kill()
      accepted.push(await timed(() => declare(heir, { name, paused: true })))
      declared.add(name)
      await cluster.start(at)
      await until(
        'it follows',
        async () => (await cluster.nodes[at]?.cluster())?.role,
        (role) => role === 'follower',
      )
    }
    const names = await Promise.all(cluster.nodes.map(async (node) => (await stateOf(node)).metaInstances))
    const lost = names.flatMap((known) => {
      const there = new Set(Object.values(known).map(({ name }) => name))
      return [...declared].filter((name) => !there.has(name))
    })
    return [
      row('master killed → a declaration accepted', accepted, 3),
      figure('acknowledged declarations lost', String(lost.length), { atMost: 0, value: lost.length }),
    ]
  } finally {
    await cluster.dispose()
  }
}

/** One cable pulled between two machines, as each of them gets over it; `load` is what it takes to load the model again. */
const pulled = async (): Promise<Record<'deleted' | 'serving' | 'load', [number, number]>> => {
  // A new cluster each time: a connection that breaks twice in a minute is not trusted for a while.
  const cluster = new HostedCluster(2)
  try {
    for (const at of [0, 1]) cluster.giveModel(at)
    const pair = (await cluster.startAll()) as Pair
    const [first, second] = pair
    await until(
      'edges',
      () => edgesBothWays(first, pair),
      (both) => both,
    )
    const alone = await Promise.all(
      pair.map(async (node) => {
        const from = performance.now()
        const id = await declare(node, { name: node.host.name, nodeIds: [node.nodeId] })
        await ready(node, id)
        const load = (performance.now() - from) / 1000
        await node.ask(`/meta_instance/${id}`, { method: 'DELETE' })
        return load
      }),
    )
    const id = await declare(first, { name: 'pair', placementPreference: 'largest' })
    await Promise.all(pair.map((node) => ready(node, id)))
    const before = Object.values((await stateOf(first)).instances)
    if (before[0]?.shards.length !== 2) throw new Error('it is not on both machines')
    const from = performance.now()
    const since = (): number => (performance.now() - from) / 1000
    second.host.unplug()
    const ends = await Promise.all(
      pair.map(async (node) => {
        await until(
          'deleted',
          () => stateOf(node),
          ({ instances }) => !before.some(({ instanceId }) => instanceId in instances),
        )
        const deleted = since()
        await ready(node, id)
        return { deleted, serving: since() }
      }),
    )
    const both = (values: readonly number[]): [number, number] => [values[0] ?? NaN, values[1] ?? NaN]
    return {
      deleted: both(ends.map(({ deleted }) => deleted)),
      serving: both(ends.map(({ serving }) => serving)),
      load: both(alone),
    }
  } finally {
    await cluster.dispose()
  }
}

const cables = async (): Promise<Row[]> => {
  const rounds: Awaited<ReturnType<typeof pulled>>[] = []
  for (let round = 0; round < CABLES; round += 1) rounds.push(await pulled())
  return (['the master', 'the other machine'] as const).flatMap((side, at) => [
    row(
      `cable pulled → instance deleted, at ${side}`,
      rounds.map(({ deleted }) => deleted[at] ?? NaN),
      5,
    ),
    row(
      `cable pulled → serving again there, less the time to load`,
      rounds.map(({ serving, load }) => (serving[at] ?? NaN) - (load[at] ?? NaN)),
      5,
    ),
  ])
}

/** The same stream at the node of rank 0 and at another one, in turn. */
const streams = async (): Promise<Row[]> => {
  const cluster = new HostedCluster(2)
  try {
    for (const at of [0, 1]) cluster.giveModel(at)
    const [first, second] = (await cluster.startAll()) as Pair
    await ready(first, await declare(first, { name: 'one', nodeIds: [first.nodeId] }))
    const json = {
      model: 'one',
      stream: false,
      messages: [{ role: 'user', content: 'go' }],
      max_tokens: STREAMED_TOKENS,
      temperature: 0,
    }
    const answer = (node: HostedNode) => timed(() => node.ask('/v1/chat/completions', { method: 'POST', json }))
    const more: number[] = []
    for (let round = 0; round < STREAMS; round += 1) {
      const [here, there] = [await answer(first), await answer(second)]
      more.push(((there - here) * 1000) / STREAMED_TOKENS)
    }
    return [
      figure('more per token through a node without rank 0', milliseconds(median(more)), {
        atMost: 0.5,
        value: median(more),
        unit: 'ms',
        noise: spread(more),
      }),
    ]
  } finally {
    await cluster.dispose()
  }
}

const bareRate = async (
  hosts: readonly Host[],
  { model, hostfile, sharding }: { model: string; hostfile: string; sharding: string },
): Promise<number> => {
  const ranks = hosts.map((host, rank) =>
    host.spawn(python, [join(import.meta.dirname, 'bare_ranks.py'), model, String(DECODED_TOKENS), sharding], {
      // Everything that makes our own runners quick, for a difference that is ours alone.
      env: {
        ...runnerEnvironment(join(root, 'native-runner', 'src')),
        ...{ MLX_DISABLE_COMPILE: '1', OPENBLAS_NUM_THREADS: '1' },
        ...{ MLX_HOSTFILE: hostfile, MLX_RANK: String(rank) },
      },
    }),
  )
  let said = ''
  ranks[0]?.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await Promise.all(ranks.map((rank) => once(rank, 'close')))
  return Number(said.trim())
}

/** Two ranks behind our API, and the same two in a script of mlx-lm's own, in turn. */
const decoding = async (): Promise<Row[]> => {
  const cluster = new HostedCluster(2)
  try {
    // Of an architecture that mlx-lm can share out both ways, and large enough for a step to be work.
    const model = join(cluster.dataDir(0), 'models', 'bench', 'medium')
    execFileSync(python, ['-m', 'muster_runner.model.make_tiny', model, '--hidden', '768', '--layers', '12'], {
      env: { ...process.env, PYTHONPATH: join(root, 'native-runner', 'src') },
    })
    cpSync(model, join(cluster.dataDir(1), 'models', 'bench', 'medium'), { recursive: true })
    const [first] = (await cluster.startAll()) as Pair
    const hostfile = join(cluster.dataDir(0), 'bare.json')
    writeFileSync(hostfile, JSON.stringify(cluster.hosts.map(({ address }, rank) => [`${address}:${7000 + rank}`])))
    const json = {
      model: 'ring',
      messages: [{ role: 'user', content: 'Tell me a long story.' }],
      max_tokens: DECODED_TOKENS,
      temperature: 0,
    }
    const rows: Row[] = []
    for (const sharding of ['Pipeline', 'Tensor'] as const) {
      const ratios: number[] = []
      const costs: number[] = []
      const id = await declare(first, { modelId: 'bench/medium', name: 'ring', sharding, minNodes: 2 })
      await ready(first, id)
      for (let round = 0; round < DECODES; round += 1) {
        const bare = await bareRate(cluster.hosts, { model, hostfile, sharding })
        await first.ask('/v1/chat/completions', { method: 'POST', json })
        const tasks = Object.values((await stateOf(first)).tasks)
        const ours = tasks.at(-1)?.tokensPerSecond ?? NaN
        ratios.push(ours / bare)
        costs.push(1000 / ours - 1000 / bare)
      }
      await first.ask(`/meta_instance/${id}`, { method: 'DELETE' })
      rows.push(
        figure(`two ranks, ${sharding}: ours ÷ bare mlx-lm`, median(ratios).toFixed(2), {
          atLeast: LEAST[sharding],
          value: median(ratios),
          noise: spread(ratios),
        }),
        figure('our cost per step', milliseconds(median(costs)), { value: median(costs), noise: spread(costs) }),
      )
    }
    return rows
  } finally {
    await cluster.dispose()
  }
}

const parts = { arrivals, successions, streams, decoding, cables }

/** Several machines, in network namespaces. `MUSTER_BENCH_PARTS=arrivals,decoding` runs some of it. */
export const run = async (): Promise<Bench> => {
  const why = noHosts()
  if (why !== undefined) return { name: 'Several machines', rows: [figure('ran', `no: ${why}`)] }
  const chosen = process.env['MUSTER_BENCH_PARTS']?.split(',')
  const rows: Row[] = []
  for (const [name, part] of Object.entries(parts)) if (chosen?.includes(name) ?? true) rows.push(...(await part()))
  return { name: 'Several machines', rows }
}
