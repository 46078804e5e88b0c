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
 * RDMA side channels of this node's runners: a runner's part of a round is sent as an observation, and the gathered
 * result comes back from the leader as an event. Both are handled immediately; only repeats wait for a timer.
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

  /** A runner starts its next round with its part. */
  ask(runnerId: RunnerId, part: Buffer): void {
    this.send(this.channels.get(runnerId)?.rounds.ask(part.toString('base64'), performance.now()) ?? [])
  }

  take(event: Event): void {
    if (event.type !== 'JacclSideChannelData' && event.type !== 'JacclSideChannelGathered') return
    for (const { rounds, rank } of this.channels.values()) settle(rank, rounds.take(this.options.state(), event))
  }

  /** The leader changed, or the state was replaced: sends pending parts again. */
  repeatAll(): void {
    for (const { rounds } of this.channels.values()) this.send(rounds.resend(performance.now()))
  }

  /** Called regularly: repeats overdue parts and fails rounds that cannot complete. */
  tick(): void {
    for (const { rounds, rank } of this.channels.values()) {
      const { send, outcome } = rounds.tick(this.options.state(), performance.now())
      this.send(send)
      settle(rank, outcome)
    }
  }

  private send(events: readonly Observation[]): void {
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
