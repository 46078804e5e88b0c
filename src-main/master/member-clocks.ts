import type { FactLog } from '@core/consensus/index'
import type { NodeId, Timestamp } from '@core/ids'
import { elapsed, NEVER, wallTime } from '@core/time/clocks'
import { type ClockReading, LeaderClock } from '@core/time/leader-clock'
import { PeerClocks } from '@core/time/peer-clocks'
import type { Host } from './host'
import type { Projection } from './projection'

/** Interval of the search for wrong clocks. */
const COMPARE_INTERVAL_MS = 1000

export interface MemberClocksParts {
  readonly self: NodeId
  readonly host: Pick<Host, 'wall' | 'timers'>
  readonly projection: Pick<Projection, 'lastEventAt'>
  readonly log: Pick<FactLog, 'warn'>
}

/** The clock for decisions (`LeaderClock`), bounded by the system clocks that followers report. */
export class MemberClocks {
  private readonly peers = new PeerClocks<NodeId>()
  private readonly clock: LeaderClock
  private comparedAt = NEVER
  /** Machines reported as wrong, so that each is logged once until its clock is right again. */
  private wrong: ReadonlySet<NodeId> = new Set()

  constructor(private readonly parts: MemberClocksParts) {
    this.clock = new LeaderClock(this.read())
  }

  /**
   * The time for stamping decisions, in milliseconds since 1970. Never runs back, is never behind the last event, and does
   * not follow a system clock that is far ahead of those of a majority.
   */
  now(): Timestamp {
    const reading = this.read()
    const bounded = { ...reading, wall: this.peers.bounded(reading) }
    this.clock.witness(this.parts.projection.lastEventAt, bounded)
    return this.clock.now(bounded)
  }

  /** Records the system clock that a follower reported. Logs a warning for each clock that has become wrong. */
  record(peer: NodeId, clock: Timestamp): void {
    const { self, log } = this.parts
    const reading = this.read()
    this.peers.record(peer, wallTime(clock), reading.monotonic)
    if (elapsed(this.comparedAt, reading.monotonic) < COMPARE_INTERVAL_MS) return
    this.comparedAt = reading.monotonic
    const wrong = this.peers.wrong(self, reading)
    for (const { machine, aheadMs } of wrong)
      if (!this.wrong.has(machine))
        log.warn(
          { fact: 'clock_off', peer: machine, aheadMs: Math.round(aheadMs) },
          'the clock of that machine differs from those of the others: let date and time be set automatically on all of them',
        )
    this.wrong = new Set(wrong.map(({ machine }) => machine))
  }

  /** Drops all reports, because this process stood still. */
  forget(): void {
    this.peers.forget()
  }

  private read(): ClockReading {
    const { host } = this.parts
    return { wall: host.wall(), monotonic: host.timers.monotonic() }
  }
}
