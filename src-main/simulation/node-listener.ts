import type { Envelope } from '@core/events/event'
import type { ModelId, NodeId } from '@core/ids'
import type { CardResult } from '@core/reconcile/process-manager'
import type { State } from '@core/state/state'
import type { Leadership } from '../master/index'

/** A node as those who follow the simulation know it. */
export interface Teller {
  readonly self: NodeId
  state(): State
}

/** What the nodes tell of themselves. */
export interface NodeListener {
  /** It leads, and has folded this. */
  event(node: Teller, envelope: Envelope, states: { readonly before: State; readonly after: State }): void
  leadership(node: Teller, leadership: Leadership): void
  passed(node: Teller): void
  setAside(node: Teller, after: number): void
  installed(node: Teller, through: number): void
  merged(node: Teller, result: string): void
  asked(node: Teller, modelId: ModelId): void
  answered(node: Teller, modelId: ModelId, result: CardResult): void
  removed(node: Teller): void
  lost(node: Teller, records: number): void
  /** Its disk refuses, so that it takes no part in deciding, and takes part again. */
  steppedDown(node: Teller, code: string): void
  steppedUp(node: Teller): void
  /** Something that the product only writes into its log, and that must not be. */
  failed(error: unknown): void
}
