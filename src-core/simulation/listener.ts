import type { Refusal } from '../commands/command'
import type { Envelope } from '../events/event'
import type { ModelId, NodeId, Timestamp } from '../ids'
import type { CardResult } from '../reconcile/index'
import type { State } from '../state/state'
import type { Happening } from './happening'
import type { Step } from './scenario'

/** Observes a simulation. If several nodes decide, `node` is the one that decided or was asked. */
export interface SimulationListener {
  /** `now` is virtual time; the envelope's time is the node's own clock. */
  event?(envelope: Envelope, before: State, after: State, node?: NodeId, now?: Timestamp): void
  refused?(at: Timestamp, command: string, refusal: Refusal, node?: NodeId): void
  /** Before a step is carried out. */
  step?(at: Timestamp, step: Step): void
  /** A model's card starts to load, and has loaded or failed. */
  asked?(at: Timestamp, modelId: ModelId, node?: NodeId): void
  answered?(at: Timestamp, modelId: ModelId, result: CardResult, node?: NodeId): void
  /** After each pass; with a single master, once the simulated workers have reacted to it. */
  passed?(at: Timestamp, state: State, node?: NodeId): void
  happened?(at: Timestamp, happening: Happening): void
}
