import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ModelId, RunnerId } from '@core/ids'
import type { LoadCommand } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import type { RunnerProcess } from './process/runner-process'
import { Supervisor } from './supervisor'
import { DEFAULT_LIMITS } from './watchdog'

const load: LoadCommand = {
  type: 'load',
  modelId: ModelId.parse('muster/tiny'),
  modelPath: '/models/tiny',
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  shard: { rank: 0, worldSize: 1, startLayer: 0, endLayer: 4, layers: 4 },
}

/** A supervisor of a process that does nothing until it is killed; `status` resolves with its last status. */
const supervise = (
  options: { readonly load?: Promise<LoadCommand>; readonly release?: () => Promise<void> } = {},
): { readonly supervisor: Supervisor; readonly status: Promise<RunnerStatus> } => {
  let report: (status: RunnerStatus) => void = () => undefined
  const status = new Promise<RunnerStatus>((resolve) => (report = resolve))
  const supervisor = new Supervisor({
    runnerId: RunnerId.parse('runner'),
    open: async ({ exit }): Promise<RunnerProcess> => {
      await setImmediate()
      return {
        pid: 1,
        console: { raw: () => '', lines: () => [] },
        directory: '/run/runner',
        send: () => undefined,
        answer: () => undefined,
        kill: () => void setImmediate().then(() => exit({ code: undefined, signal: 'SIGKILL' })),
        leave: () => undefined,
        release: options.release ?? (() => Promise.resolve()),
      }
    },
    load: options.load ?? load,
    limits: DEFAULT_LIMITS,
    onStatus: (status) => report(status),
    onLoaded: () => undefined,
    onAnswered: () => undefined,
  })
  return { supervisor, status }
}

describe('a runner', () => {
  it('fails with the reason if its load command cannot be made, as when no port is free for its ring', async () => {
    const { status, supervisor } = supervise({ load: Promise.reject(new Error('no port is free')) })
    expect(await status).toMatchObject({
      status: 'Failed',
      errorMessage: expect.stringContaining('no port is free') as string,
    })
    await supervisor.stop()
  })

  it('has ended even if its pipes cannot be removed', async () => {
    const { supervisor, status } = supervise({ release: () => Promise.reject(new Error('read-only disk')) })
    await supervisor.stop()
    expect(await status).toEqual({ status: 'Shutdown' })
  })
})
