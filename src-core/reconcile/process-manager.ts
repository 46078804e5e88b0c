import type { Event } from '../events/event'
import type { InstanceId, ModelId, NodeId, RunnerId, Timestamp } from '../ids'
import type { AdapterCard, ModelCard, ModelProblemCode } from '../placement/model-card'
import type { State } from '../state/state'
import type { WallTime } from '../time/clocks'

/** Source of fresh ids: random in the product, counted in the simulator. */
export interface IdSource {
  instanceId(): InstanceId
  runnerId(): RunnerId
}

/** Result of loading a model card. */
export type CardResult =
  | { readonly status: 'loaded'; readonly card: ModelCard }
  /** The id names an adapter. */
  | { readonly status: 'adapter'; readonly card: AdapterCard }
  /** `code` if the model's files were checked and refused. */
  | { readonly status: 'failed'; readonly reason: string; readonly code?: ModelProblemCode | undefined }

/** Inputs of a pass besides the state. */
export interface ReconcileInputs {
  readonly now: Timestamp
  /** The system clock, for schedules. May jump in either direction. */
  readonly wall: WallTime
  readonly ids: IdSource
  /** When each node was last heard in this term; absent if not yet. */
  readonly heard: Readonly<Record<string, Timestamp>>
  /** When each node was first heard in this term; by default at the start of the term. */
  readonly firstHeard?: Readonly<Record<string, Timestamp>>
  /** Members that the leader tried to reach and that answered at no address. */
  readonly unreachable?: readonly NodeId[]
  /** When all deadlines began: at the last start, election or wake from sleep. */
  readonly deadlinesBegan: Timestamp
  /** Loaded model cards by model id. */
  readonly cards: Readonly<Record<string, CardResult>>
}

/** A request to the shell for the benefit of a later pass. */
export type Need = { readonly kind: 'modelCard'; readonly modelId: ModelId }

export interface Reconciled {
  readonly events: readonly Event[]
  readonly needs: readonly Need[]
}

/**
 * Reconciles the state with the declarations: pure, idempotent and level-triggered. Run on its own result it emits no
 * events.
 */
export interface ProcessManager {
  readonly name: string
  reconcile(state: State, inputs: ReconcileInputs): Reconciled
}
