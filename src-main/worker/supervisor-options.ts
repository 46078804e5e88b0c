import type { GenerationRequest } from '@core/generation/request'
import type { RunnerId } from '@core/ids'
import type { LoadCommand, RunnerEvent } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import type { RunnerProcess, RunnerProcessHandlers } from './runner-process'
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
  /** The runner uses RDMA or rehearses it, and runs rounds of the side channel one at a time. */
  readonly rdma?: {
    readonly rehearsal: boolean
    readonly onRound: (part: Buffer) => void
    /** The runner died without releasing its RDMA resources. Never called for a rehearsal. */
    readonly onLeak: () => void
    /** How long releasing RDMA may take. */
    readonly graceMs?: number
  }
  /** Rank 0 of several starts computing: wake the other ranks. */
  readonly onWake?: (epoch: number) => void
  /** The runner failed while serving these requests; called before they are failed. Not if it was asked to end. */
  readonly onUnanswered?: (
    requests: readonly GenerationRequest[],
    status: Extract<RunnerStatus, { status: 'Failed' }>,
  ) => void
  /** The runner finished a request that ran alone. */
  readonly onAnswered: (speed: { readonly tokensPerSecond: number }) => void
}
