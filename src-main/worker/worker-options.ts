import type { Envelope, Observation } from '@core/events/event'
import type { GenerationRequest } from '@core/generation/request'
import type { ModelId, NodeId, RunnerId } from '@core/ids'
import type { BlocksFolder } from '@core/protocols/prompt-blocks'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import type { Tracer } from '@core/tracing/tracer'
import type { DiskCache } from './disk-cache'
import type { Python } from './process/python'
import type { WatchdogLimits } from './watchdog'

export interface WorkerOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
  readonly suspects: {
    /** Reports requests during which a runner died of its own computation; `cause` names the machine, for people. */
    suspect(requests: readonly GenerationRequest[], cause: string): void
  }
  /** The Python to use now: it may be installed while the node runs. */
  python(): Python
  /** The folder for pipes; leftovers of a crash are removed. */
  readonly runDir: string
  /** The on-disk prompt cache; 0 bytes disables it. */
  readonly diskCache?: () => DiskCache
  /**
   * A runner here has opened that folder of the on-disk prompt cache: fetches blocks of it that other members have.
   * `isWorthwhile` tells whether to continue.
   */
  readonly fetchBlocks?: (
    folder: BlocksFolder,
    isWorthwhile: (fetched: { readonly tokens: number; readonly seconds: number }) => boolean,
  ) => void
  readonly modelPath: (modelId: ModelId) => string | undefined
  /** Why this machine's copy of a model cannot be loaded; undefined if it may be fetched again. */
  readonly modelProblem?: (modelId: ModelId) => string | undefined
  /** Fetches a model; `modelsChanged` is called when it has arrived. Without it only local models can be loaded. */
  readonly fetchModel?: (modelId: ModelId) => void
  /** Called when no runner waits for that model any more. */
  readonly releaseModel?: (modelId: ModelId) => void
  /** Tells the node of another rank that rank 0, which is here, starts computing. */
  readonly wakeRank?: (nodeId: NodeId, runnerId: RunnerId, epoch: number, traceparent: string | undefined) => void
  /** Whether a node is reachable now. */
  readonly hears?: (nodeId: NodeId) => boolean
  /** Called when an instance whose rank 0 is here finished a request that ran alone. */
  readonly onMeasured?: (instance: Instance, tokensPerSecond: number) => void
  /** Called when a runner here died without releasing its RDMA resources, even if it was asked to end. */
  readonly onLeak?: () => void
  /** Whether RDMA may be rehearsed here; a test setting. */
  readonly rehearses?: boolean
  /** Without it no traces are recorded. */
  readonly tracer?: Tracer
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  readonly limits?: WatchdogLimits
}
