import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId, RunnerId } from '@core/ids'
import type { LoadCommand } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import { coded } from '@core/texts/coded'
import { KilledRunners } from '@main/worker/endings/killed-runners'
import { RDMA_LEAK } from '@main/worker/endings/runner-end'
import { startRunnerProcess } from '@main/worker/process/runner-process'
import { Supervisor } from '@main/worker/supervisor'
import type { SupervisorOptions } from '@main/worker/supervisor-options'
import { DEFAULT_LIMITS } from '@main/worker/watchdog'
import { temporaryFolder } from '../harness/headless-node'
import { python, required, root } from '../harness/paths'
import { WorkerGroup } from '../harness/worker-group'

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
let supervisor: Supervisor | undefined
let killed: KilledRunners
let statuses: RunnerStatus[]
let changed: () => void

const openKilled = (): Promise<KilledRunners> =>
  KilledRunners.open({
    dataDir: folder.path,
    boot: { id: 'this-run', startedAt: 0 },
    onChange: () => undefined,
    log: { warn: () => undefined },
  })

beforeEach(async () => {
  folder = temporaryFolder()
  runDir = join(folder.path, 'run')
  mkdirSync(runDir)
  killed = await openKilled()
  supervisor = undefined
  statuses = []
  changed = () => undefined
})
afterEach(async () => {
  await supervisor?.stop()
  await killed.close()
  folder.dispose()
})

const endingRunner = (way: Way): { executable: string; source: string } => {
  const executable = join(folder.path, 'runner')
  const script = join(root, 'tests', 'harness', 'ending_runner.py')
  // It is started as: -m muster_runner --pipes DIRECTORY
  writeFileSync(executable, `#!/bin/sh\nexec ${required(python, 'run `npm test`')} -S ${script} ${way} "$4"\n`)
  chmodSync(executable, 0o755)
  return { executable, source: join(root, 'native-runner', 'src') }
}

const start = (way: Way, rdma: Partial<SupervisorOptions['rdma']> = {}): Supervisor => {
  supervisor = new Supervisor({
    runnerId: RunnerId.parse('r1'),
    open: (handlers) => startRunnerProcess(endingRunner(way), runDir, handlers),
    load,
    limits: DEFAULT_LIMITS,
    rdma: { rehearsal: false, onRound: () => undefined, onLeak: () => killed.add(), ...rdma },
    onStatus: (status) => {
      statuses.push(status)
      changed()
    },
    onLoaded: () => undefined,
    onAnswered: () => undefined,
  })
  return supervisor
}

const until = (word: RunnerStatus['status']): Promise<RunnerStatus> =>
  new Promise((resolve) => {
    changed = () => {
      const found = statuses.find(({ status }) => status === word)
      if (found) resolve(found)
    }
    changed()
  })

const impatient = { graceMs: 200 }

const STOPPED = coded('failures.stopped', { name: 'Mac Studio' })

describe('a runner that uses RDMA', () => {
  it('is asked to end even where it is not ready, for what it holds is lost with a kill', async () => {
    const supervisor = start('orderly')
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Shutdown' })
    expect(supervisor.consoleText()).toContain('asked to end')
    expect(readdirSync(runDir)).toEqual([])
    expect(killed.count).toBe(0)
  })

  it('is asked to end where another rank has failed', async () => {
    const supervisor = start('orderly')
    await until('Loading')
    supervisor.giveUp(STOPPED)
    expect(await until('Failed')).toEqual({
      status: 'Failed',
      errorMessage: 'stopped because Mac Studio failed',
      coded: STOPPED,
      consequence: true,
    })
    expect(supervisor.consoleText()).toContain('asked to end')
  })

  it('is killed where it does not end, and the mark says what that may have cost', async () => {
    const supervisor = start('stubborn', impatient)
    await until('Loading')
    supervisor.giveUp(STOPPED)
    expect(await until('Failed')).toMatchObject({
      errorMessage: `stopped because Mac Studio failed; ${RDMA_LEAK.errorMessage}`,
    })
    expect(killed.count).toBe(1)
  })

  it('that must be killed though nothing failed is told of and counted too', async () => {
    const supervisor = start('stubborn', impatient)
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Failed', ...RDMA_LEAK })
    expect(killed.count).toBe(1)
  })

  it('that dies of itself may have cost as much', async () => {
    start('crash')
    expect(await until('Failed')).toMatchObject({ errorMessage: `ended by SIGSEGV; ${RDMA_LEAK.errorMessage}` })
    expect(killed.count).toBe(1)
  })

  it('and only rehearses it costs nothing', async () => {
    const supervisor = start('stubborn', { ...impatient, rehearsal: true })
    await until('Loading')
    await supervisor.stop()
    expect(statuses.at(-1)).toEqual({ status: 'Shutdown' })
    expect(killed.count).toBe(0)
  })

  it('is counted by its worker, and still known to the next start of Muster', async () => {
    const group = await WorkerGroup.start({
      folder: join(folder.path, 'group'),
      size: 2,
      python: endingRunner('crash'),
      delay: () => 0,
      device: () => 'rdma_en3',
      onLeak: () => killed.add(),
    })
    await group.until('both ranks to have died', () => killed.count >= 2)
    await group.close()
    await killed.close()
    expect((await openKilled()).count).toBe(killed.count)
  })

  it.each([
    ['large', 'the runner gave 65537 bytes to one round'],
    ['hasty', 'started a round of the side channel while another one was open'],
  ] as const)('fails with the reason where what it asks for is no round (%s)', async (way, reason) => {
    const supervisor = start(way)
    expect(await until('Failed')).toMatchObject({ errorMessage: expect.stringContaining(reason) as string })
    await supervisor.stop()
    expect(readdirSync(runDir)).toEqual([])
  })
})
