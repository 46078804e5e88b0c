import type { GenerationRequest } from '@core/generation/request'
import type { RunnerId } from '@core/ids'
import type { LoadCommand, RunnerEvent } from '@core/protocols/runner'
import type { RunnerStatus } from '@core/state/runners'
import type { RunnerProcess, RunnerProcessHandlers } from './runner-process'
import type { WatchdogLimits } from './watchdog'

export type Loaded = Extract<RunnerEvent, { type: 'loaded' }>

export interface SupervisorOptions {
  readonly runnerId: RunnerId
  /** Gets the process: a new one, or one that an earlier node left. */
  readonly open: (handlers: RunnerProcessHandlers) => RunnerProcess | Promise<RunnerProcess>
  /** What to load; later where the other ranks have to be known first. */
  readonly load: LoadCommand | Promise<LoadCommand>
  /** Digest of the model's files as they are loaded; a runner without it is never left to the next node. */
  readonly files?: Promise<string | undefined>
  /** It was taken over with its model in memory. */
  readonly adopted?: { readonly memoryBytes: number; readonly batchSize: number }
  readonly limits: WatchdogLimits
  readonly onStatus: (status: RunnerStatus) => void
  readonly onLoaded: (loaded: Loaded) => void
  /** It is joined to others by RDMA, or rehearses that, and asks for rounds of the side channel, one at a time. */
  readonly rdma?: {
    readonly rehearsal: boolean
    readonly onRound: (part: Buffer) => void
    /** It was killed while it used RDMA, or died of itself: what it held may be lost. Never called for a rehearsal. */
    readonly onLeak: () => void
    /** How long it may take to give RDMA back. */
    readonly graceMs?: number
  }
  /** Rank 0 of several is about to work: the other ranks are to be told. */
  readonly onWake?: (epoch: number) => void
  /** It failed while it was answering these, before they hear of it. Not where it was asked to end. */
  readonly onUnanswered?: (
    requests: readonly GenerationRequest[],
    status: Extract<RunnerStatus, { status: 'Failed' }>,
  ) => void
  /** It has answered a request that had it to itself all the time. */
  readonly onAnswered: (speed: { readonly tokensPerSecond: number }) => void
}
