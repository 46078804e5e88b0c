import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId, RunnerId } from '@core/ids'
import type { RunnerStatus } from '@core/state/runners'
import { RDMA_LEAK, Supervisor, type LoadCommand, type SupervisorOptions } from '@main/worker/supervisor'
import { DEFAULT_LIMITS } from '@main/worker/watchdog'
import { temporaryFolder } from '../harness/headless-node'
import { python, required, root } from '../harness/paths'

type Way = 'orderly' | 'stubborn' | 'crash' | 'large' | 'hasty'

const load: LoadCommand = {
  type: 'load',
  modelId: ModelId.parse('m/any'),
  modelPath: '/',
  sharding: 'Tensor',
  instanceMeta: 'MlxJaccl',
  shard: { rank: 0, worldSize: 2, startLayer: 0, endLayer: 1, layers: 1 },
}

let folder: ReturnType<typeof temporaryFolder>
let runDir: string
let supervisor: Supervisor
let statuses: RunnerStatus[]
let changed: () => void

beforeEach(() => {
  folder = temporaryFolder()
  runDir = join(folder.path, 'run')
  mkdirSync(runDir)
  statuses = []
  changed = () => undefined
})
afterEach(async () => {
  await supervisor.stop()
  folder.dispose()
})

const start = (way: Way, rdma: SupervisorOptions['rdma'] = { rehearsal: false, onRound: () => undefined }): void => {
  const executable = join(folder.path, 'runner')
  const script = join(root, 'tests', 'harness', 'ending_runner.py')
  // It is started as: -m muster_runner --pipes DIRECTORY
  writeFileSync(executable, `#!/bin/sh\nexec ${required(python, 'run `npm test`')} -S ${script} ${way} "$4"\n`)
  chmodSync(executable, 0o755)
  supervisor = new Supervisor({
    runnerId: RunnerId.parse('r1'),
    python: { executable, source: join(root, 'native-runner', 'src') },
    runDir,
    load,
    limits: DEFAULT_LIMITS,
    rdma,
    onStatus: (status) => {
      statuses.push(status)
      changed()
    },
    onLoaded: () => undefined,
    onAnswered: () => undefined,
  })
}

const until = (word: RunnerStatus['status']): Promise<RunnerStatus> =>
  new Promise((resolve) => {
    changed = () => {
      const found = statuses.find(({ status }) => status === word)
      if (found) resolve(found)
    }
    changed()
  })

const impatient = { rehearsal: false, onRound: () => undefined, graceMs: 200 }

describe('a runner that uses RDMA', () => {
  it('is asked to end even where it is not ready, for what it holds is lost with a kill', async () => {
    start('orderly')
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Shutdown' })
    expect(supervisor.consoleText()).toContain('asked to end')
    expect(readdirSync(runDir)).toEqual([])
  })

  it('is asked to end where another rank has failed', async () => {
    start('orderly')
    await until('Loading')
    supervisor.giveUp('stopped because Mac Studio failed')
    expect(await until('Failed')).toEqual({
      status: 'Failed',
      errorMessage: 'stopped because Mac Studio failed',
      consequence: true,
    })
    expect(supervisor.consoleText()).toContain('asked to end')
  })

  it('is killed where it does not end, and the mark says what that may have cost', async () => {
    start('stubborn', impatient)
    await until('Loading')
    supervisor.giveUp('stopped because Mac Studio failed')
    expect(await until('Failed')).toMatchObject({ errorMessage: `stopped because Mac Studio failed; ${RDMA_LEAK}` })
  })

  it('that must be killed though nothing failed is told of too', async () => {
    start('stubborn', impatient)
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Failed', errorMessage: RDMA_LEAK })
  })

  it('that dies of itself may have cost as much', async () => {
    start('crash')
    expect(await until('Failed')).toMatchObject({ errorMessage: `ended by SIGSEGV; ${RDMA_LEAK}` })
  })

  it('and only rehearses it costs nothing', async () => {
    start('stubborn', { ...impatient, rehearsal: true })
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Shutdown' })
  })

  it.each([
    ['large', 'the runner gave 65537 bytes to one round'],
    ['hasty', 'asked for a round of the side channel while another one was open'],
  ] as const)('fails with the reason where what it asks for is no round (%s)', async (way, reason) => {
    start(way)
    expect(await until('Failed')).toMatchObject({ errorMessage: expect.stringContaining(reason) as string })
    await supervisor.stop()
    expect(readdirSync(runDir)).toEqual([])
  })
})
