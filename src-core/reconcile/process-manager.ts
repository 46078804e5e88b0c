import type { Event } from '../events/event'
import type { InstanceId, ModelId, NodeId, RunnerId, Timestamp } from '../ids'
import type { AdapterCard, ModelCard, ModelProblemCode } from '../placement/model-card'
import type { State } from '../state/state'

/** Fresh ids. The simulator counts, the product draws. */
export interface IdSource {
  instanceId(): InstanceId
  runnerId(): RunnerId
}

/** What loading a model's card came to. */
export type CardResult =
  | { readonly status: 'loaded'; readonly card: ModelCard }
  /** The id is that of an adapter. */
  | { readonly status: 'adapter'; readonly card: AdapterCard }
  /** `code` where the model's files were judged. */
  | { readonly status: 'failed'; readonly reason: string; readonly code?: ModelProblemCode | undefined }

/** All that a pass may know besides the state. */
export interface ReconcileInputs {
  readonly now: Timestamp
  /** The system's clock, for what goes by the time of day; without it `now`. May be set back and forth. */
  readonly wall?: Timestamp
  readonly ids: IdSource
  /** When each node was last heard in this term; absent: not yet. */
  readonly heard: Readonly<Record<string, Timestamp>>
  /** When each node was first heard in this term; without it all are taken to have been heard as it began. */
  readonly firstHeard?: Readonly<Record<string, Timestamp>>
  /** Members that do not answer at any address, as the master itself has tried. */
  readonly unreachable?: readonly NodeId[]
  /** When all deadlines began anew: a start, an election, a wake from sleep. */
  readonly deadlinesBegan: Timestamp
  /** The model cards at hand, by model id. */
  readonly cards: Readonly<Record<string, CardResult>>
}

/** What the shell should get for a later pass. */
export type Need = { readonly kind: 'modelCard'; readonly modelId: ModelId }

export interface Reconciled {
  readonly events: readonly Event[]
  readonly needs: readonly Need[]
}

/**
 * Brings the state towards what was declared: pure, idempotent and by level, never by what just
 * happened. A second run on its own result asks for nothing.
 */
export interface ProcessManager {
  readonly name: string
  reconcile(state: State, inputs: ReconcileInputs): Reconciled
}
