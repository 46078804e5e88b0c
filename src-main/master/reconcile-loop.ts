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

/** Maximum interval between passes. */
const INTERVAL_MS = 1000
/** Difference between the leader's clock and elapsed time that counts as a jump: the clock was set, or the machine slept. */
const JUMP_MS = 10_000
/** A storm, which only a bug can cause: this many consecutive passes decide the same, at most `STORM_GAP_MS` apart. */
const STORM_PASSES = 25
const STORM_GAP_MS = 500
/** Pause of the loop after a storm. */
const STORM_PAUSE_MS = 5000

export interface ReconcileLoopOptions {
  readonly state: () => State
  /** Adds events to the log, see `Sequencer.add`. */
  readonly apply: (events: readonly Event[]) => void
  /** Starts to load a model card. */
  readonly need: (need: Need) => void
  readonly cards: () => Readonly<Record<string, CardResult>>
  /** When each linked member was last heard, by the leader's clock. */
  readonly heard: () => Readonly<Record<string, Timestamp>>
  /** When each member was first heard in this term. */
  readonly firstHeard?: () => Readonly<Record<string, Timestamp>>
  /** Members that do not answer at any of their addresses. */
  readonly unreachable?: () => readonly NodeId[]
  readonly ids: IdSource
  /** The leader's clock. */
  readonly now: () => Timestamp
  readonly timers: Timers
  readonly onPassed?: () => void
  /** The system's clock. */
  readonly wall: () => WallTime
  /** A process manager threw, or the loop pauses after a storm. */
  readonly onFailure: (manager: string, error: unknown) => void
}

/** Events without the random ids, so that repeated decisions compare as equal. */
const fingerprint = (events: readonly Event[]): string =>
  JSON.stringify(
    events.map((event) => [
      event.type,
      'nodeId' in event ? event.nodeId : undefined,
      'metaInstanceId' in event ? event.metaInstanceId : undefined,
    ]),
  )

/** Detects passes that repeat the same decisions endlessly, which would keep a CPU busy and fill the disk. */
class StormGuard {
  private last = ''
  private lastAt = NEVER
  private repeats = 0
  private until = NEVER

  /** Records a pass at monotonic time `now`. Returns whether it completes a storm; the loop must then pause. */
  isStorm(events: readonly Event[], now: Monotonic): boolean {
    const seen = events.length === 0 ? '' : fingerprint(events)
    const again = seen !== '' && seen === this.last && elapsed(this.lastAt, now) < STORM_GAP_MS
    this.repeats = again ? this.repeats + 1 : 0
    this.last = seen
    this.lastAt = now
    if (this.repeats < STORM_PASSES) return false
    this.repeats = 0
    this.until = later(now, STORM_PAUSE_MS)
    return true
  }

  /** Remaining pause in milliseconds; 0 if there is none. */
  pausedFor(now: Monotonic): number {
    return Math.max(0, elapsed(now, this.until))
  }
}

/**
 * The leader's reconcile loop: runs a pass after relevant changes, at deadlines, and at least once a second. Passes never
 * overlap. Starts when it is constructed.
 */
export class ReconcileLoop {
  /** Deadlines count from here: the start of this loop, or the last jump of the clock. */
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
    this.schedulePass()
  }

  /** Schedules a pass after the current turn of the event loop. Calls until then share it. Ignored while paused. */
  schedulePass(): void {
    if (this.stopped || this.storm.pausedFor(this.monotonic()) > 0) return
    this.scheduled ??= this.options.timers.soon(() => {
      this.scheduled = undefined
      this.pass()
    })
  }

  /** Schedules a pass, and resolves after it or when the loop is stopped. */
  nextPass(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve)
      this.schedulePass()
    })
  }

  /** Runs no more passes. */
  stop(): void {
    this.stopped = true
    this.scheduled?.()
    this.timer?.()
    for (const resolve of this.waiters.splice(0)) resolve()
  }

  /** The inputs of a pass at this moment. */
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
    if (this.storm.isStorm(events, this.monotonic())) {
      const what = [...new Set(events.map(({ type }) => type))].join(', ')
      options.onFailure('reconcile-loop', new Error(`the same is decided again and again (${what}); it pauses`))
    }
    for (const resolve of waiters) resolve()
    options.onPassed?.()
    this.timer?.()
    const deadline = nextDeadline(options.state(), inputs) ?? Infinity
    const wait = Math.max(0, Math.min(INTERVAL_MS, deadline - inputs.now))
    this.timer = options.timers.after(Math.max(wait, this.storm.pausedFor(this.monotonic())), () => this.schedulePass())
  }

  private noticeJumps(now: Timestamp): void {
    const monotonic = this.monotonic()
    const elapsedMs = elapsed(this.lastMonotonic, monotonic)
    const jump = Math.abs(now - this.lastNow - elapsedMs)
    // The monotonic clock of some systems runs on during sleep: there a long gap between passes shows it.
    if (jump >= JUMP_MS || elapsedMs >= JUMP_MS) this.deadlinesBegan = now
    this.lastNow = now
    this.lastMonotonic = monotonic
  }
}
