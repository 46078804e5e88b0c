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
  readonly leads: () => Leadership
  /** Whether this node's disk refuses: then nothing is ordered here. */
  readonly isRefusing: () => boolean
  readonly state: () => State
  readonly sequencer: Pick<Sequencer, 'observe'>
  readonly network: Pick<Network, 'observe'>
  readonly timers: Timers
}

/** Brings what is observed to whoever leads: this node's sequencer, or the leader over its link. */
export class Observing {
  private readonly passOn: (event: Observation) => void

  constructor(private readonly parts: ObservingParts) {
    const { leads, network, timers } = parts
    this.passOn = batched(timers, (events) => {
      const leader = leads()
      if (leader.kind === 'other') network.observe(leader.master, events)
    })
  }

  /** This machine observes something. */
  observe(event: Observation): void {
    const { leads, isRefusing, sequencer } = this.parts
    const { kind } = leads()
    if (kind === 'self' && !isRefusing()) sequencer.observe(event)
    // Where nobody leads nothing is lost: whoever observes says it again when somebody does.
    else if (kind === 'other') this.passOn(event)
  }

  /** What a member says it sees: only what it may say, and only while this node leads. */
  observedBy(from: NodeId, events: readonly Observation[]): void {
    const { leads, isRefusing, sequencer, state } = this.parts
    if (leads().kind !== 'self' || isRefusing()) return
    for (const event of events) if (mayObserve(state(), from, event)) sequencer.observe(event)
  }
}
