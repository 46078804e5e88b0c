import type { Event } from '@core/events/event'
import type { NodeId, Timestamp } from '@core/ids'
import type { State } from '@core/state/state'

/** With several deciding nodes: which one, in which term. After a split both sides print their own events. */
interface Decider {
  readonly node?: NodeId
  readonly term?: number
}

interface Refused {
  readonly command: string
  readonly reason: string
  readonly via?: NodeId
}

/** One line that a simulation prints, as JSON. */
export type OutputLine =
  | ({ readonly at: Timestamp; readonly index: number; readonly event: Event } & Decider)
  | { readonly at: Timestamp; readonly refused: Refused }
  /** `{at, leads: {node, term}}` and the like, only where several nodes decide. */
  | { readonly at: Timestamp; readonly [kind: string]: unknown }
  | { readonly finalState: State }
