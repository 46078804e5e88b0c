import type { Event, Observation } from '@core/events/event'
import type { InstanceId, RunnerId } from '@core/ids'
import { Rounds, type Outcome } from '@core/side-channel/rounds'
import type { State } from '@core/state/state'

/** The runner that a side channel belongs to. */
export interface Rank {
  answer(parts: readonly Buffer[]): void
  fail(reason: string): void
}

export interface SideChannelsOptions {
  readonly state: () => State
  readonly observe: (event: Observation) => void
}

/**
 * The side channels of this node's runners: what a runner gives to a round goes out as an observation, and what the
 * master has gathered comes back. Nothing waits for a pass or for a timer but what has to be said again.
 */
export class SideChannels {
  private readonly channels = new Map<RunnerId, { readonly rounds: Rounds; readonly rank: Rank }>()

  constructor(private readonly options: SideChannelsOptions) {}

  open(runner: { readonly instanceId: InstanceId; readonly runnerId: RunnerId }, rank: Rank): void {
    this.channels.set(runner.runnerId, { rounds: new Rounds(runner), rank })
  }

  close(runnerId: RunnerId): void {
    this.channels.delete(runnerId)
  }

  /** A runner asks for its next round, and gives its part. */
  ask(runnerId: RunnerId, part: Buffer): void {
    this.say(this.channels.get(runnerId)?.rounds.ask(part.toString('base64'), performance.now()) ?? [])
  }

  take(event: Event): void {
    if (event.type !== 'JacclSideChannelData' && event.type !== 'JacclSideChannelGathered') return
    for (const { rounds, rank } of this.channels.values()) settle(rank, rounds.take(this.options.state(), event))
  }

  /** Somebody else leads, or the state was replaced. */
  again(): void {
    for (const { rounds } of this.channels.values()) this.say(rounds.resend(performance.now()))
  }

  /** Time has passed. */
  tick(): void {
    for (const { rounds, rank } of this.channels.values()) {
      const { send, outcome } = rounds.tick(this.options.state(), performance.now())
      this.say(send)
      settle(rank, outcome)
    }
  }

  private say(events: readonly Observation[]): void {
    for (const event of events) this.options.observe(event)
  }
}

const settle = (rank: Rank, outcome: Outcome | undefined): void => {
  switch (outcome?.kind) {
    case undefined:
      return
    case 'gathered':
      return rank.answer(outcome.parts.map((part) => Buffer.from(part, 'base64')))
    case 'failed':
      return rank.fail(outcome.reason)
  }
}
