import type { Envelope } from '@core/events/event'
import type { NodeId } from '@core/ids'
import { awakeReason } from '@core/power/keep-awake'
import type { AwakeReason, PowerFacts } from '@core/state/power'
import type { KeepAwake } from '@core/settings/keep-awake'
import type { State } from '@core/state/state'
import type { PreventSleep, SleepRequest } from './system-request'

/** Interval for checking the battery and renewing a lost request. */
const CHECK_EVERY_MS = 15_000
/** Debounce: events come in bursts. */
const DEBOUNCE_MS = 200
/** How long a request outlives its reason: one answer often follows another. */
const LINGER_MS = 30_000

const WHY: Readonly<Record<AwakeReason, string>> = {
  download: 'A model is being downloaded',
  answer: 'A model is answering',
  model: 'Models are kept running here',
}

export interface SleepGuardOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly keepAwake: () => KeepAwake
  readonly onBattery: () => Promise<boolean>
  readonly preventSleep: PreventSleep
  /** Called when this machine's power facts have changed. */
  readonly onChange: () => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  readonly checkEveryMs?: number
  readonly lingerMs?: number
}

/** Holds a request to the system not to sleep while there is a reason for it, and only then. */
export class SleepGuard {
  private battery = false
  private reason: AwakeReason | undefined
  private request: SleepRequest | undefined
  /** The system dropped the last request: make no new one before the next check. */
  private refused = false
  /**
   * Whether the system has dropped every request since the last one that lasted until its release. Limits the warning
   * to one log line.
   */
  private unheeded = false
  private scheduled: NodeJS.Timeout | undefined
  private lingering: NodeJS.Timeout | undefined
  private closed = false
  private readonly unsubscribe: () => void
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: SleepGuardOptions) {
    const soon = (): void => {
      this.scheduled ??= setTimeout(() => {
        this.scheduled = undefined
        this.update()
      }, DEBOUNCE_MS)
    }
    this.unsubscribe = options.source.subscribe(soon, soon)
    this.timer = setInterval(() => void this.check(), options.checkEveryMs ?? CHECK_EVERY_MS)
    this.timer.unref()
    void this.check()
  }

  facts(): PowerFacts {
    const awakeFor = this.request === undefined ? undefined : this.reason
    return { onBattery: this.battery, ...(awakeFor !== undefined && { awakeFor }) }
  }

  /** Checks the battery and the setting, and decides again. */
  async check(): Promise<void> {
    const battery = await this.options.onBattery().catch(() => false)
    if (this.closed) return
    const changed = battery !== this.battery
    this.battery = battery
    this.refused = false
    if (!this.update() && changed) this.options.onChange()
  }

  close(): void {
    this.closed = true
    this.unsubscribe()
    clearInterval(this.timer)
    clearTimeout(this.scheduled)
    clearTimeout(this.lingering)
    this.request?.release()
    this.request = undefined
  }

  /** @returns whether anything changed */
  private update(): boolean {
    const { source, nodeId, keepAwake, lingerMs = LINGER_MS } = this.options
    const reason = awakeReason(source.state(), nodeId, { keepAwake: keepAwake(), onBattery: this.battery })
    const wanted = this.refused ? undefined : reason
    if (wanted === this.reason) {
      clearTimeout(this.lingering)
      this.lingering = undefined
      return false
    }
    if (wanted !== undefined) return this.hold(wanted)
    // Release at once if the reason was a kept model: the setting changed, or the machine was unplugged.
    if (this.reason === 'model' || lingerMs === 0) return this.hold(undefined)
    this.lingering ??= setTimeout(() => this.hold(undefined), lingerMs)
    return false
  }

  private hold(reason: AwakeReason | undefined): true {
    const { preventSleep, onChange, log } = this.options
    clearTimeout(this.lingering)
    this.lingering = undefined
    const before = this.request
    if (before) this.unheeded = false
    this.request = undefined
    this.reason = reason
    if (reason === undefined) {
      if (!this.unheeded) log.info({}, 'this machine may sleep')
    } else {
      const request = preventSleep(WHY[reason])
      this.request = request
      request.onLost(() => this.lost(request))
      if (!this.unheeded) log.info({ reason }, 'this machine is kept awake')
    }
    before?.release()
    onChange()
    return true
  }

  private lost(request: SleepRequest): void {
    if (this.request !== request) return
    this.request = undefined
    this.refused = true
    if (!this.unheeded)
      this.options.log.warn(
        { reason: this.reason },
        'the system ends every request to keep this machine awake: it may sleep meanwhile',
      )
    this.unheeded = true
    this.reason = undefined
    this.options.onChange()
  }
}
