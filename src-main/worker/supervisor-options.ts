import type { GenerationRequest } from '@core/generation/request'
import type { RunnerId } from '@core/ids'
import type { LoadCommand, RunnerEvent } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import type { RunnerProcess, RunnerProcessHandlers } from './process/runner-process'
import type { WatchdogLimits } from './watchdog'

export type Loaded = Extract<RunnerEvent, { type: 'loaded' }>

export interface SupervisorOptions {
  readonly runnerId: RunnerId
  /** Provides the process: a new one, or one that an earlier node process left. */
  readonly open: (handlers: RunnerProcessHandlers) => RunnerProcess | Promise<RunnerProcess>
  /** The load command; a promise if the other ranks are not known yet. */
  readonly load: LoadCommand | Promise<LoadCommand>
  /** Digest of the model's files as they are loaded; a runner without it is never handed over. */
  readonly files?: Promise<string | undefined>
  /** The handover record, if the runner was adopted with its model in memory. */
  readonly adopted?: { readonly memoryBytes: number; readonly batchSize: number }
  readonly limits: WatchdogLimits
  readonly onStatus: (status: RunnerStatus) => void
  readonly onLoaded: (loaded: Loaded) => void
  /** Set if the runner uses RDMA or rehearses it. It runs rounds of the side channel one at a time. */
  readonly rdma?: {
    readonly rehearsal: boolean
    readonly onRound: (part: Buffer) => void
    /** Called when the runner died without releasing its RDMA resources. Never called for a rehearsal. */
    readonly onLeak: () => void
    /** How long releasing RDMA may take. */
    readonly graceMs?: number
  }
  /** Called when rank 0 of several starts computing: the other ranks must be woken. */
  readonly onWake?: (epoch: number) => void
  /**
   * Called with the requests that the runner was serving when it failed, before they are failed. Not called if it was
   * asked to end.
   */
  readonly onUnanswered?: (
    requests: readonly GenerationRequest[],
    status: Extract<RunnerStatus, { status: 'Failed' }>,
  ) => void
  /** Called when the runner finished a request that ran alone. */
  readonly onAnswered: (speed: { readonly tokensPerSecond: number }) => void
}
