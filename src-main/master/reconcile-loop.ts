import type { Event } from '@core/events/event'
import type { NodeId, Timestamp } from '@core/ids'
import { nextDeadline } from '@core/reconcile/deadlines'
import { runPass } from '@core/reconcile/pass'
import type { CardResult, IdSource, Need, ReconcileInputs } from '@core/reconcile/process-manager'
import type { State } from '@core/state/state'

/** A pass at least this often, whatever happened. */
const INTERVAL_MS = 1000
/** A clock that moved this much more or less than the time that went by was set, or the machine slept. */
const JUMP_MS = 10_000

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
  readonly onFailure: (manager: string, error: unknown) => void
}

/** Runs a pass when something changed, when a deadline comes, and at least once a second. */
export class ReconcileLoop {
  private deadlinesBegan: Timestamp
  private lastWall: Timestamp
  private lastMonotonic = performance.now()
  private scheduled: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined
  private waiters: (() => void)[] = []
  private stopped = false

  constructor(private readonly options: ReconcileLoopOptions) {
    this.deadlinesBegan = this.lastWall = options.now()
    this.wake()
  }

  /** A pass as soon as what runs now is done; many calls make one pass. */
  wake(): void {
    if (this.stopped) return
    this.scheduled ??= setImmediate(() => {
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
    clearImmediate(this.scheduled)
    clearTimeout(this.timer)
    for (const resolve of this.waiters.splice(0)) resolve()
  }

  private pass(): void {
    const { options } = this
    const now = options.now()
    this.noticeJumps(now)
    const inputs: ReconcileInputs = {
      now,
      ids: options.ids,
      heard: options.heard(),
      ...(options.firstHeard && { firstHeard: options.firstHeard() }),
      ...(options.unreachable && { unreachable: options.unreachable() }),
      deadlinesBegan: this.deadlinesBegan,
      cards: options.cards(),
    }
    const waiters = this.waiters.splice(0)
    const { events, needs, failures } = runPass(options.state(), inputs)
    for (const { manager, error } of failures) options.onFailure(manager, error)
    for (const need of needs) options.need(need)
    if (events.length > 0) options.apply(events)
    for (const resolve of waiters) resolve()
    clearTimeout(this.timer)
    const deadline = nextDeadline(options.state(), inputs) ?? Infinity
    this.timer = setTimeout(() => this.wake(), Math.max(0, Math.min(INTERVAL_MS, deadline - now)))
  }

  private noticeJumps(now: Timestamp): void {
    const monotonic = performance.now()
    const jump = Math.abs(now - this.lastWall - (monotonic - this.lastMonotonic))
    // A long gap without a pass is a sleep on systems whose monotonic clock goes on meanwhile.
    if (jump >= JUMP_MS || monotonic - this.lastMonotonic >= JUMP_MS) this.deadlinesBegan = now
    this.lastWall = now
    this.lastMonotonic = monotonic
  }
}
