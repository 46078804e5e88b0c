import type { Observation } from '@core/events/event'
import { mayObserve } from '@core/events/observer'
import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import type { Timers } from '@core/time/timers'
import { batched } from './batched'
import type { Leadership } from './leadership'
import type { Network } from './network'
import type { Sequencer } from './sequencer'

export interface ObservingParts {
  readonly leadership: () => Leadership
  /** Whether this node's disk refuses writes; it then takes no observations as leader. */
  readonly isRefusing: () => boolean
  readonly state: () => State
  readonly sequencer: Pick<Sequencer, 'observe'>
  readonly network: Pick<Network, 'observe'>
  readonly timers: Timers
}

/** Routes observations to the leader: this node's sequencer, or another node over its link. */
export class Observing {
  private readonly forward: (event: Observation) => void

  constructor(private readonly parts: ObservingParts) {
    const { leadership, network, timers } = parts
    this.forward = batched(timers, (events) => {
      const leader = leadership()
      if (leader.kind === 'other') network.observe(leader.master, events)
    })
  }

  /** Handles an observation made by this node. Without a leader it is dropped: observers repeat it to the next leader. */
  observe(event: Observation): void {
    const { leadership, isRefusing, sequencer } = this.parts
    const { kind } = leadership()
    if (kind === 'self' && !isRefusing()) sequencer.observe(event)
    else if (kind === 'other') this.forward(event)
  }

  /** Handles observations of a member, if this node leads. Ignores those that this member may not make. */
  observedBy(from: NodeId, events: readonly Observation[]): void {
    const { leadership, isRefusing, sequencer, state } = this.parts
    if (leadership().kind !== 'self' || isRefusing()) return
    for (const event of events) if (mayObserve(state(), from, event)) sequencer.observe(event)
  }
}
