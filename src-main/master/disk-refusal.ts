import type { FactLog } from '@core/consensus/index'
import type { Cancel, Timers } from '@core/time/timers'
import { MasterError } from './errors'
import type { EventLog } from './event-log'

/** After the disk refused: how often it is tried again. */
const RETRY_MS = 2000

export interface DiskRefusalOptions {
  /** Opens again what the disk has. Rejects with MasterError while it still refuses. */
  readonly reopen: () => Promise<EventLog>
  readonly onBack: (log: EventLog) => void
  readonly timers: Timers
  readonly log: FactLog
}

/** Why this node may not decide now, and the tries to come back. */
export class DiskRefusal {
  private reason: MasterError | undefined
  private timer: Cancel | undefined
  private returning: Promise<void> | undefined
  private closed = false

  constructor(private readonly options: DiskRefusalOptions) {}

  get error(): MasterError | undefined {
    return this.reason
  }

  begin(error: MasterError): void {
    this.say(error)
    this.retryLater()
  }

  /** Resolves when no try is under way any more. */
  async close(): Promise<void> {
    this.closed = true
    this.timer?.()
    await this.returning
  }

  private say(error: MasterError): void {
    const { code, message: reason, hint } = error
    if (this.reason?.code !== code) this.options.log.warn({ fact: 'stepped_down', code, reason, hint }, 'stepped down')
    this.reason = error
  }

  private retryLater(): void {
    if (this.closed) return
    this.timer = this.options.timers.after(RETRY_MS, () => {
      this.returning = this.retry()
    })
  }

  private async retry(): Promise<void> {
    const { reopen, onBack, log } = this.options
    try {
      const opened = await reopen()
      this.reason = undefined
      log.info({ fact: 'returned' }, 'the disk takes records again')
      onBack(opened)
    } catch (error) {
      if (error instanceof MasterError) this.say(error)
      else log.warn({ err: error }, 'cannot decide yet')
      this.retryLater()
    }
  }
}
