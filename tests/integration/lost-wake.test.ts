import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { ModelId, RunnerId, TaskId } from '@core/ids'
import type { LoadCommand } from '@core/protocols/runner'
import { startRunnerProcess } from '@main/worker/process/runner-process'
import { Supervisor } from '@main/worker/supervisor'
import { DEFAULT_LIMITS } from '@main/worker/watchdog'
import { freePort } from '../harness/free-port'
import { temporaryFolder } from '../harness/headless-node'
import { tinyModel } from '../harness/models'
import { python, required, root } from '../harness/paths'

const runner = { executable: required(python, 'run `npm test`'), source: join(root, 'native-runner', 'src') }
const modelId = ModelId.parse('muster/tiny')

const folder = temporaryFolder()
const supervisors: Supervisor[] = []
afterEach(async () => {
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()))
  folder.dispose()
})

/** Rank 0 of a pipeline has the last layers. */
const loadOf = (rank: number, hosts: string[]): LoadCommand => ({
  type: 'load',
  modelId,
  modelPath: tinyModel(),
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  shard: { rank, worldSize: 2, startLayer: 2 * (1 - rank), endLayer: 2 * (2 - rank), layers: 4 },
  ring: { hosts },
})

/** Starts one rank's runner; resolves when it is ready. */
const startRank = (rank: number, hosts: string[], onWake?: (epoch: number) => void): Promise<Supervisor> => {
  const runDir = join(folder.path, `rank-${rank}`)
  mkdirSync(runDir)
  return new Promise((resolve, reject) => {
    const supervisor = new Supervisor({
      runnerId: RunnerId.parse(`rank-${rank}`),
      open: (handlers) => startRunnerProcess(runner, runDir, handlers),
      load: loadOf(rank, hosts),
      limits: DEFAULT_LIMITS,
      ...(onWake && { onWake }),
      onStatus: (status) => {
        if (status.status === 'Ready') resolve(supervisor)
        if (status.status === 'Failed') reject(new Error(status.errorMessage))
      },
      onLoaded: () => undefined,
      onAnswered: () => undefined,
    })
    supervisors.push(supervisor)
  })
}

it('a ring computes although the wake of its second rank was lost', async () => {
  const hosts = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const sent: number[] = []
  const others: Supervisor[] = []
  const [first, second] = await Promise.all([
    startRank(0, hosts, (epoch) => {
      sent.push(epoch)
      if (sent.length > 1) others.forEach((other) => other.wake(epoch))
    }),
    startRank(1, hosts),
  ])
  others.push(second)
  const request = {
    ...{ taskId: TaskId.parse('task'), modelId, sampling: { temperature: 0 }, maxTokens: 3, stop: [] },
    prompt: { kind: 'text' as const, text: 'hello' },
  }
  const updates: string[] = []
  for await (const { type } of first.generate(request, new AbortController().signal)) updates.push(type)
  expect(updates.at(-1)).toBe('finished')
  expect(sent.slice(0, 2)).toEqual([1, 1])
})
