import type { FactLog } from '@core/consensus/index'
import type { Event } from '@core/events/event'
import type { ModelId, NodeId, Timestamp } from '@core/ids'
import { type CardResult, HeardNodes, type IdSource } from '@core/reconcile/index'
import type { State } from '@core/state/state'
import type { WallTime } from '@core/time/clocks'
import type { Timers } from '@core/time/timers'
import { ReconcileLoop } from './reconcile-loop'

export interface LeadingParts {
  readonly self: NodeId
  readonly state: () => State
  readonly apply: (events: readonly Event[]) => void
  readonly cards: { need(modelId: ModelId): void; cards(): Readonly<Record<string, CardResult>> }
  /** When each linked member was last heard, by the leader's clock. */
  readonly heard: () => Readonly<Record<string, Timestamp>>
  /** Members that do not answer at any of their addresses. */
  readonly unreachable: () => readonly NodeId[]
  readonly ids: IdSource
  readonly now: () => Timestamp
  readonly timers: Timers
  readonly onPassed?: (() => void) | undefined
  /** The system's clock, which may be set. */
  readonly wall: () => WallTime
  readonly log: Pick<FactLog, 'warn'>
}

/** Starts the reconcile loop for one term of this node as leader. Which members were heard counts per term. */
export const lead = (parts: LeadingParts): ReconcileLoop => {
  const { self, state, apply, cards, heard, unreachable, ids, now, wall, timers, onPassed, log } = parts
  const heardNodes = new HeardNodes(self, now())
  return new ReconcileLoop({
    state,
    apply,
    need: ({ modelId }) => cards.need(modelId),
    cards: () => cards.cards(),
    heard: () => heardNodes.take(state(), heard(), now()),
    firstHeard: () => heardNodes.first(),
    unreachable,
    ids,
    now,
    timers,
    ...(onPassed && { onPassed }),
    wall,
    onFailure: (manager, error) =>
      log.warn({ fact: 'process_manager_failed', manager, err: error }, 'a process manager failed'),
  })
}
