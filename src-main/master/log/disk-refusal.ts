import type { FactLog } from '@core/consensus/index'
import type { Cancel, Timers } from '@core/time/timers'
import { MasterError } from '../errors'
import type { EventLog } from './event-log'

/** Interval of the attempts to reopen the log. */
const RETRY_MS = 2000

export interface DiskRefusalOptions {
  /** Reopens the log. Rejects with MasterError if the disk still refuses. */
  readonly reopen: () => Promise<EventLog>
  /** The disk accepts writes again; `log` is the reopened one. */
  readonly onRecovered: (log: EventLog) => void
  readonly timers: Timers
  readonly log: FactLog
}

/** The error for which this node has stepped down, and the attempts to recover from it. */
export class DiskRefusal {
  private reason: MasterError | undefined
  private timer: Cancel | undefined
  private retrying: Promise<void> | undefined
  private closed = false

  constructor(private readonly options: DiskRefusalOptions) {}

  /** Undefined if the disk accepts writes. */
  get error(): MasterError | undefined {
    return this.reason
  }

  /** The disk failed with `error`: logs it, and retries until the log can be reopened. */
  start(error: MasterError): void {
    this.report(error)
    this.retryLater()
  }

  /** Stops the attempts; resolves when a running one has ended. */
  async close(): Promise<void> {
    this.closed = true
    this.timer?.()
    await this.retrying
  }

  private report(error: MasterError): void {
    const { code, message: reason, hint } = error
    if (this.reason?.code !== code) this.options.log.warn({ fact: 'stepped_down', code, reason, hint }, 'stepped down')
    this.reason = error
  }

  private retryLater(): void {
    if (this.closed) return
    this.timer = this.options.timers.after(RETRY_MS, () => {
      this.retrying = this.retry()
    })
  }

  private async retry(): Promise<void> {
    const { reopen, onRecovered, log } = this.options
    try {
      const opened = await reopen()
      this.reason = undefined
      log.info({ fact: 'returned' }, 'the disk takes records again')
      onRecovered(opened)
    } catch (error) {
      if (error instanceof MasterError) this.report(error)
      else log.warn({ err: error }, 'cannot decide yet')
      this.retryLater()
    }
  }
}
