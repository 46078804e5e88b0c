import type { FactLog } from '@core/consensus/index'
import type { NodeId, Timestamp } from '@core/ids'
import { elapsed, NEVER, wallTime } from '@core/time/clocks'
import { type ClockReading, LeaderClock } from '@core/time/leader-clock'
import { PeerClocks } from '@core/time/peer-clocks'
import type { Host } from './host'
import type { Projection } from './projection'

/** How often it looks for clocks that are wrong. */
const LOOK_MS = 1000

export interface MemberClocksParts {
  readonly self: NodeId
  readonly host: Pick<Host, 'wall' | 'timers'>
  readonly projection: Pick<Projection, 'lastEventAt'>
  readonly log: Pick<FactLog, 'warn'>
}

/** The time of decisions, and the clocks of the members that it is measured against. */
export class MemberClocks {
  private readonly peers = new PeerClocks<NodeId>()
  private readonly clock: LeaderClock
  private lookedAt = NEVER
  /** Machines whose clocks are wrong, so that each is told of once, until it is right again. */
  private wrong: ReadonlySet<NodeId> = new Set()

  constructor(private readonly parts: MemberClocksParts) {
    this.clock = new LeaderClock(this.read())
  }

  /**
   * The time that decisions are stamped with, in milliseconds since 1970. It follows `LeaderClock`, so it does not run
   * back when the system clock is set, nor behind the last event; nor does it follow a system clock that is far ahead of
   * those of a majority.
   */
  now(): Timestamp {
    const reading = this.read()
    const bounded = { ...reading, wall: this.peers.bounded(reading) }
    this.clock.witness(this.parts.projection.lastEventAt, bounded)
    return this.clock.now(bounded)
  }

  /** A follower of this node says what its clock shows. Warns of machines whose clock is wrong from now on. */
  hear(peer: NodeId, clock: Timestamp): void {
    const { self, log } = this.parts
    const reading = this.read()
    this.peers.hear(peer, wallTime(clock), reading.monotonic)
    if (elapsed(this.lookedAt, reading.monotonic) < LOOK_MS) return
    this.lookedAt = reading.monotonic
    const wrong = this.peers.wrong(self, reading)
    for (const { machine, aheadMs } of wrong)
      if (!this.wrong.has(machine))
        log.warn(
          { fact: 'clock_off', peer: machine, aheadMs: Math.round(aheadMs) },
          'the clock of that machine differs from those of the others: let date and time be set automatically on all of them',
        )
    this.wrong = new Set(wrong.map(({ machine }) => machine))
  }

  /** This machine slept: what it heard of clocks before is out of date. */
  stoodStill(): void {
    this.peers.forget()
  }

  private read(): ClockReading {
    const { host } = this.parts
    return { wall: host.wall(), monotonic: host.timers.monotonic() }
  }
}
