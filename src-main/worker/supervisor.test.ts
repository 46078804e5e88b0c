import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ModelId, RunnerId } from '@core/ids'
import { type LoadCommand, RUNNER_PROTOCOL, type RunnerCommand, type RunnerEvent } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import { eventually } from '@core/testing/eventually'
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

interface Supervised {
  readonly supervisor: Supervisor
  readonly status: Promise<RunnerStatus>
  /** What it was sent. */
  readonly sent: readonly RunnerCommand[]
  /** The process says something. */
  readonly says: (event: RunnerEvent) => void
}

/** A supervisor of a process that does nothing until it is killed; `status` resolves with its last status. */
const supervise = (
  options: { readonly load?: Promise<LoadCommand>; readonly release?: () => Promise<void> } = {},
): Supervised => {
  let report: (status: RunnerStatus) => void = () => undefined
  const status = new Promise<RunnerStatus>((resolve) => (report = resolve))
  const sent: RunnerCommand[] = []
  let says: (event: RunnerEvent) => void = () => undefined
  const supervisor = new Supervisor({
    runnerId: RunnerId.parse('runner'),
    open: async ({ exit, event }): Promise<RunnerProcess> => {
      says = event
      await setImmediate()
      return {
        pid: 1,
        console: { raw: () => '', lines: () => [] },
        directory: '/run/runner',
        send: (command) => void sent.push(command),
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
  return { supervisor, status, sent, says: (event) => says(event) }
}

describe('a runner', () => {
  afterEach(() => vi.useRealTimers())

  it('fails with the reason if its load command cannot be made, as when no port is free for its ring', async () => {
    const { status, supervisor } = supervise({ load: Promise.reject(new Error('no port is free')) })
    expect(await status).toMatchObject({
      status: 'Failed',
      errorMessage: expect.stringContaining('no port is free') as string,
    })
    await supervisor.stop()
  })

  it('waits as long as another machine downloads the model, and then has all its time to load it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    let tell: (command: LoadCommand) => void = () => undefined
    const { supervisor, sent, says } = supervise({ load: new Promise((resolve) => (tell = resolve)) })
    const live = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        says({ type: 'heartbeat', active: 0, steps: 0 })
        vi.advanceTimersByTime(1000)
      }
      await setImmediate()
    }
    await eventually(() => expect(sent).toMatchObject([{ type: 'hello' }]))
    says({ type: 'hello', protocol: RUNNER_PROTOCOL, runnerId: supervisor.runnerId, pid: 1, versions: {} })
    await live(3600)
    expect(supervisor.status).toEqual({ status: 'Connecting' })
    tell(load)
    await eventually(() => expect(sent.at(-1)).toEqual(load))
    await live(119)
    expect(supervisor.status).toEqual({ status: 'Connecting' })
    await live(3)
    await eventually(() =>
      expect(supervisor.status).toMatchObject({
        status: 'Failed',
        errorMessage: expect.stringContaining('no progress for 120 s') as string,
      }),
    )
    await supervisor.stop()
  })

  it('has ended even if its pipes cannot be removed', async () => {
    const { supervisor, status } = supervise({ release: () => Promise.reject(new Error('read-only disk')) })
    await supervisor.stop()
    expect(await status).toEqual({ status: 'Shutdown' })
  })
})
