import type { Envelope, Observation } from '@core/events/event'
import type { GenerationRequest } from '@core/generation/request'
import type { ModelId, NodeId, RunnerId } from '@core/ids'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import type { Tracer } from '@core/tracing/tracer'
import type { DiskCache } from './disk-cache'
import type { Python } from './python'
import type { WatchdogLimits } from './watchdog'

export interface WorkerOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
  readonly suspects: {
    /** A runner died of its work while it was answering these; `cause` is for people and names the machine. */
    suspect(requests: readonly GenerationRequest[], cause: string): void
  }
  /** As it is now: it may come while the node runs. */
  python(): Python
  /** For pipes; what a crash left there is removed. */
  readonly runDir: string
  /** Where what runners have computed of prompts outlives them; with 0 bytes nowhere. */
  readonly diskCache?: () => DiskCache
  readonly modelPath: (modelId: ModelId) => string | undefined
  /** Why what this machine has of a model cannot be loaded; undefined where it has nothing that must be kept. */
  readonly modelProblem?: (modelId: ModelId) => string | undefined
  /** Sees to it that a model comes here; `modelsChanged` is called when it has. Without it there are only the models here. */
  readonly fetchModel?: (modelId: ModelId) => void
  /** No runner waits for that model any more. */
  readonly releaseModel?: (modelId: ModelId) => void
  /** Tells another rank's node that rank 0, here, is about to work. */
  readonly wakeRank?: (nodeId: NodeId, runnerId: RunnerId, epoch: number, traceparent: string | undefined) => void
  /** Whether a node can be heard now. */
  readonly hears?: (nodeId: NodeId) => boolean
  /** An instance's rank 0 here has answered somebody who had it to himself. */
  readonly onMeasured?: (instance: Instance, tokensPerSecond: number) => void
  /** A runner here was killed while it used RDMA, or died of itself, also one that was to end anyway. */
  readonly onLeak?: () => void
  /** RDMA may be rehearsed here, by a test setting. */
  readonly rehearses?: boolean
  /** Without it no traces are kept. */
  readonly tracer?: Tracer
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  readonly limits?: WatchdogLimits
}
