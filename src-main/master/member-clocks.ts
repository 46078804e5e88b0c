import { isDeepStrictEqual } from 'node:util'
import type { FactLog } from '@core/consensus/index'
import type { NodeId, Timestamp } from '@core/ids'
import type { WrongClock } from '@core/state/wrong-clocks'
import { elapsed, NEVER, wallTime } from '@core/time/clocks'
import { type ClockReading, LeaderClock } from '@core/time/leader-clock'
import { PeerClocks } from '@core/time/peer-clocks'
import type { Host } from './host'
import type { Projection } from './projection'

/** Interval of the search for wrong clocks. */
const COMPARE_INTERVAL_MS = 1000
/** Reports of wrong clocks are rounded to this, so that they do not change all the time. */
const ROUNDED_TO_MS = 10_000

const rounded = (milliseconds: number): number => Math.round(milliseconds / ROUNDED_TO_MS) * ROUNDED_TO_MS

export interface MemberClocksParts {
  readonly self: NodeId
  readonly host: Pick<Host, 'wall' | 'timers'>
  readonly projection: Pick<Projection, 'lastEventAt'>
  readonly log: Pick<FactLog, 'warn'>
  /** Whether this node leads: only the leader hears the clocks of all others. */
  leads(): boolean
  /** Called when `wrong`, as the leader sees it, has changed. */
  onWrong(wrong: readonly WrongClock[]): void
}

/** The clock for decisions (`LeaderClock`), bounded by the system clocks that followers report. */
export class MemberClocks {
  private readonly peers = new PeerClocks<NodeId>()
  private readonly clock: LeaderClock
  private comparedAt = NEVER
  /** Machines reported as wrong, so that each is logged once until its clock is right again. */
  private wrong: ReadonlySet<NodeId> = new Set()
  private reported: readonly WrongClock[] = []

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
    this.report(wrong.map(({ machine, aheadMs }) => ({ nodeId: machine, aheadMs: rounded(aheadMs) })))
  }

  /** This node leads, or does not lead any more. */
  leadershipChanged(): void {
    if (!this.parts.leads()) this.report([])
  }

  /** Drops all reports, because this process stood still. */
  forget(): void {
    this.peers.forget()
  }

  private report(wrong: readonly WrongClock[]): void {
    if (wrong.length > 0 && !this.parts.leads()) return
    if (isDeepStrictEqual(wrong, this.reported)) return
    this.reported = wrong
    this.parts.onWrong(wrong)
  }

  private read(): ClockReading {
    const { host } = this.parts
    return { wall: host.wall(), monotonic: host.timers.monotonic() }
  }
}
