import type { Refusal } from '../commands/command'
import type { Envelope } from '../events/event'
import type { ModelId, NodeId, Timestamp } from '../ids'
import type { CardResult } from '../reconcile/index'
import type { State } from '../state/state'
import type { Happening } from './happening'
import type { Step } from './scenario'

/** Who follows a simulation. `node` is the one that decides or was asked, where there are several. */
export interface SimulationListener {
  /** `now` is virtual time, where the envelope's is that of a node's own clock. */
  event?(envelope: Envelope, before: State, after: State, node?: NodeId, now?: Timestamp): void
  refused?(at: Timestamp, command: string, refusal: Refusal, node?: NodeId): void
  /** A step is about to happen. */
  step?(at: Timestamp, step: Step): void
  /** A model's card is being loaded, and has come or not. */
  asked?(at: Timestamp, modelId: ModelId, node?: NodeId): void
  answered?(at: Timestamp, modelId: ModelId, result: CardResult, node?: NodeId): void
  /** After each pass; with one master when the simulated workers have seen what it decided. */
  passed?(at: Timestamp, state: State, node?: NodeId): void
  happened?(at: Timestamp, happening: Happening): void
}
