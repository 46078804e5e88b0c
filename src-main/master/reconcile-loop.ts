import type { Event } from '@core/events/event'
import type { NodeId, Timestamp } from '@core/ids'
import {
  type CardResult,
  type IdSource,
  type Need,
  nextDeadline,
  type ReconcileInputs,
  runPass,
} from '@core/reconcile/index'
import type { State } from '@core/state/state'
import { elapsed, later, type Monotonic, NEVER, type WallTime } from '@core/time/clocks'
import type { Cancel, Timers } from '@core/time/timers'

/** A pass at least this often, whatever happened. */
const INTERVAL_MS = 1000
/** A clock that moved this much more or less than the time that went by was set, or the machine slept. */
const JUMP_MS = 10_000
/** So many passes in a row that decide the same, each within `STORM_GAP_MS` of the one before, are a fault of ours. */
const STORM_PASSES = 25
const STORM_GAP_MS = 500
const STORM_PAUSE_MS = 5000

export interface ReconcileLoopOptions {
  readonly state: () => State
  readonly apply: (events: readonly Event[]) => void
  readonly need: (need: Need) => void
  readonly cards: () => Readonly<Record<string, CardResult>>
  readonly heard: () => Readonly<Record<string, Timestamp>>
  readonly firstHeard?: () => Readonly<Record<string, Timestamp>>
  readonly unreachable?: () => readonly NodeId[]
  readonly ids: IdSource
  readonly now: () => Timestamp
  readonly timers: Timers
  readonly onPassed?: () => void
  /** The system's clock. */
  readonly wall: () => WallTime
  readonly onFailure: (manager: string, error: unknown) => void
}

/** What the events are about, without the ids that are drawn anew each time. */
const gist = (events: readonly Event[]): string =>
  JSON.stringify(
    events.map((event) => [
      event.type,
      'nodeId' in event ? event.nodeId : undefined,
      'metaInstanceId' in event ? event.metaInstanceId : undefined,
    ]),
  )

/** Sees when passes decide the same again and again, which would use a processor for nothing and fill the disk. */
class StormGuard {
  private last = ''
  private lastAt = NEVER
  private repeats = 0
  private until = NEVER

  /** Whether this pass is one too many of its kind; then nothing is to be done until the pause is over. */
  sees(events: readonly Event[], now: Monotonic): boolean {
    const seen = events.length === 0 ? '' : gist(events)
    const again = seen !== '' && seen === this.last && elapsed(this.lastAt, now) < STORM_GAP_MS
    this.repeats = again ? this.repeats + 1 : 0
    this.last = seen
    this.lastAt = now
    if (this.repeats < STORM_PASSES) return false
    this.repeats = 0
    this.until = later(now, STORM_PAUSE_MS)
    return true
  }

  pausedFor(now: Monotonic): number {
    return Math.max(0, elapsed(now, this.until))
  }
}

/** Runs a pass when something changed, when a deadline comes, and at least once a second. */
export class ReconcileLoop {
  private deadlinesBegan: Timestamp
  private lastNow: Timestamp
  private lastMonotonic: Monotonic
  private scheduled: Cancel | undefined
  private timer: Cancel | undefined
  private waiters: (() => void)[] = []
  private stopped = false
  private readonly storm = new StormGuard()

  constructor(private readonly options: ReconcileLoopOptions) {
    this.deadlinesBegan = this.lastNow = options.now()
    this.lastMonotonic = this.monotonic()
    this.wake()
  }

  /** A pass as soon as what runs now is done; many calls make one pass. */
  wake(): void {
    if (this.stopped || this.storm.pausedFor(this.monotonic()) > 0) return
    this.scheduled ??= this.options.timers.soon(() => {
      this.scheduled = undefined
      this.pass()
    })
  }

  /** Resolves after the next pass. */
  passed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve)
      this.wake()
    })
  }

  stop(): void {
    this.stopped = true
    this.scheduled?.()
    this.timer?.()
    for (const resolve of this.waiters.splice(0)) resolve()
  }

  /** What a pass sees now. */
  inputs(): ReconcileInputs {
    const { options } = this
    return {
      now: options.now(),
      wall: options.wall(),
      ids: options.ids,
      heard: options.heard(),
      ...(options.firstHeard && { firstHeard: options.firstHeard() }),
      ...(options.unreachable && { unreachable: options.unreachable() }),
      deadlinesBegan: this.deadlinesBegan,
      cards: options.cards(),
    }
  }

  private monotonic(): Monotonic {
    return this.options.timers.monotonic()
  }

  private pass(): void {
    const { options } = this
    this.noticeJumps(options.now())
    const inputs = this.inputs()
    const waiters = this.waiters.splice(0)
    const { events, needs, failures } = runPass(options.state(), inputs)
    for (const { manager, error } of failures) options.onFailure(manager, error)
    for (const need of needs) options.need(need)
    if (events.length > 0) options.apply(events)
    if (this.storm.sees(events, this.monotonic())) {
      const what = [...new Set(events.map(({ type }) => type))].join(', ')
      options.onFailure('reconcile-loop', new Error(`the same is decided again and again (${what}); it pauses`))
    }
    for (const resolve of waiters) resolve()
    options.onPassed?.()
    this.timer?.()
    const deadline = nextDeadline(options.state(), inputs) ?? Infinity
    const wait = Math.max(0, Math.min(INTERVAL_MS, deadline - inputs.now))
    this.timer = options.timers.after(Math.max(wait, this.storm.pausedFor(this.monotonic())), () => this.wake())
  }

  private noticeJumps(now: Timestamp): void {
    const monotonic = this.monotonic()
    const goneBy = elapsed(this.lastMonotonic, monotonic)
    const jump = Math.abs(now - this.lastNow - goneBy)
    // A long gap without a pass is a sleep on systems whose monotonic clock goes on meanwhile.
    if (jump >= JUMP_MS || goneBy >= JUMP_MS) this.deadlinesBegan = now
    this.lastNow = now
    this.lastMonotonic = monotonic
  }
}
