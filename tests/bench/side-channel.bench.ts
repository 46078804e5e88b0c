import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { MetaInstanceView } from '@core/protocols/control'
import type { State } from '@core/state/state'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { python } from '../harness/paths'
import { HostedCluster, until, type HostedNode } from '../hosts/cluster'
import { noHosts } from '../hosts/network'
import { figure, median, milliseconds, spread, type Bench } from './report'

const RANKS = 4
const GROUPS = 20
/** Of the side channel, after each group was made. */
const ROUNDS = 50

const Timed = z.object({
  attempt: z.string(),
  /** In seconds, by one clock for all ranks. */
  began: z.number(),
  made: z.number(),
  rounds: z.array(z.number()),
})
type Timed = z.infer<typeof Timed>

/** Runners that only come together; each writes into the folder what it took. */
const timedRunner = (folder: string): string => {
  const executable = join(folder, 'timed-runner')
  const script = join(import.meta.dirname, 'timed_rank.py')
  writeFileSync(executable, `#!/bin/sh\nexec ${python} -S ${script} "$4" ${ROUNDS} ${folder}\n`)
  chmodSync(executable, 0o755)
  return executable
}

const written = (folder: string): Timed[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => Timed.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))

const joinable = (node: HostedNode): Promise<State> =>
  until(
    'a rehearsal between all machines',
    async () => (await node.ask('/state')) as State,
    ({ topology }) => edgesOf(topology).filter((edge) => !isSocketEdge(edge)).length === RANKS * (RANKS - 1),
  )

/** The side channel of RDMA between four machines: real nodes, links and pipes, runners that do nothing else. */
export const run = async (): Promise<Bench> => {
  const name = 'Side channel of RDMA, 4 machines'
  const why = noHosts()
  if (why !== undefined) return { name, rows: [figure('ran', `no: ${why}`)] }
  const cluster = new HostedCluster(RANKS)
  try {
    const folder = join(cluster.dataDir(0), 'timed')
    mkdirSync(folder, { recursive: true })
    const env = { MUSTER_REHEARSE_JACCL: '1', MUSTER_PYTHON: timedRunner(folder) }
    for (let at = 0; at < RANKS; at += 1) cluster.giveModel(at)
    const [first] = await cluster.startAll({ env })
    if (!first) throw new Error('no machines')
    await joinable(first)
    const { metaInstanceId } = (await first.ask('/meta_instance', {
      method: 'POST',
      json: { modelId: 'muster/tiny', instanceMeta: 'MlxJaccl', minNodes: RANKS },
    })) as MetaInstanceView
    for (let count = 1; count <= GROUPS; count += 1) {
      await until(
        `group ${count}`,
        () => Promise.resolve(written(folder).length),
        (files) => files === count * RANKS,
      )
      if (count < GROUPS) await first.ask(`/meta_instance/${metaInstanceId}/restart`, { method: 'POST', json: {} })
    }
    const all = written(folder)
    const groups = [...new Set(all.map(({ attempt }) => attempt))].map((attempt) =>
      all.filter((one) => one.attempt === attempt),
    )
    const trips = all.flatMap(({ rounds }) => rounds.map((taken) => taken * 1000))
    const making = groups.map(
      (ranks) => (Math.max(...ranks.map(({ made }) => made)) - Math.max(...ranks.map(({ began }) => began))) * 1000,
    )
    const trip = median(trips)
    const made = median(making)
    return {
      name,
      rows: [
        figure('round trip', milliseconds(trip), { atMost: 10, value: trip, unit: 'ms', noise: spread(trips) }),
        figure('slowest rank’s start → group made', milliseconds(made), {
          atMost: 100,
          value: made,
          unit: 'ms',
          noise: spread(making),
        }),
      ],
    }
  } finally {
    await cluster.dispose()
  }
}
