import type { Envelope } from '../../events/event'
import type { ModelId, NodeId } from '../../ids'
import type { CardResult } from '../../reconcile/process-manager'
import type { State } from '../../state/state'
import type { Outcome } from './outcome'
import type { Leadership } from './replication'

/** A node as those who follow the simulation know it. */
export interface Teller {
  readonly self: NodeId
  state(): State
}

/** What the nodes tell of themselves. */
export interface NodeListener {
  /** It leads, and has folded this. */
  event(node: Teller, envelope: Envelope, before: State): void
  leadership(node: Teller, leadership: Leadership): void
  passed(node: Teller): void
  setAside(node: Teller, after: number): void
  merged(node: Teller, outcome: Outcome): void
  asked(node: Teller, modelId: ModelId): void
  answered(node: Teller, modelId: ModelId, result: CardResult): void
  removed(node: Teller): void
  lost(node: Teller, records: number): void
}
