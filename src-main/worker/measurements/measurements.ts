import { join } from 'node:path'
import type { Instance } from '@core/state/instances'
import { speedOf, withRun, type MeasuredSpeed } from '@core/state/measured-speeds'
import { readMeasured, writeMeasured, type Measured } from './measurements-file'

/** Relative change of a speed below which it is not reported again. */
const MIN_REPORTED_CHANGE = 0.05
/** Minimum interval between writes. */
const WRITE_EVERY_MS = 5000
/** Delay before the first measurement: just after a start the machine is busy with other work. */
const SETTLED_AFTER_MS = 5000

export interface MeasurementsOptions {
  readonly dataDir: string
  /** Measures this machine; rejects if that fails. */
  readonly probe: (options: { signal: AbortSignal }) => Promise<number>
  /** Whether models are computing, which a measurement would disturb and be disturbed by. */
  readonly isBusy: () => boolean
  /** Called when there is something new to report. */
  readonly onChange: () => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  readonly settledAfterMs?: number
}

/** This node's measurements of its own machine, kept across restarts. */
export class Measurements {
  private readonly path: string
  private reported: readonly MeasuredSpeed[]
  private writing: NodeJS.Timeout | undefined
  private waiting: NodeJS.Timeout | undefined
  private readonly closing = new AbortController()

  private constructor(
    private readonly options: MeasurementsOptions,
    private measured: Measured,
  ) {
    this.path = Measurements.pathIn(options.dataDir)
    this.reported = measured.speeds
  }

  static async open(options: MeasurementsOptions): Promise<Measurements> {
    return new Measurements(options, await readMeasured(Measurements.pathIn(options.dataDir)))
  }

  private static pathIn(dataDir: string): string {
    return join(dataDir, 'measurements.json')
  }

  get speeds(): readonly MeasuredSpeed[] {
    return this.reported
  }

  /** Memory bandwidth in bytes per second, for chips that are in no table; undefined until measured. Measured once. */
  memoryBandwidth(chip: string): number | undefined {
    const known = this.measured.memoryBandwidth
    if (known?.chip === chip) return known.bytesPerSecond
    this.measureLater(chip)
    return undefined
  }

  /** Records the speed of an instance while it served a single request. */
  ran({ modelId, sharding, instanceMeta, shards }: Instance, tokensPerSecond: number): void {
    const placement = { modelId, sharding, instanceMeta, nodeIds: shards.map(({ nodeId }) => nodeId) }
    const speeds = withRun(this.measured.speeds, placement, tokensPerSecond)
    this.keep({ ...this.measured, speeds })
    const [before, now] = [speedOf(this.reported, placement), speedOf(speeds, placement)]
    if (before && now && Math.abs(now.tokensPerSecond / before.tokensPerSecond - 1) < MIN_REPORTED_CHANGE) return
    this.reported = speeds
    this.options.onChange()
  }

  /** Resolves when all writes have ended. */
  async close(): Promise<void> {
    this.closing.abort()
    clearTimeout(this.waiting)
    if (this.writing) await this.write()
  }

  private measureLater(chip: string): void {
    if (this.waiting || this.closing.signal.aborted) return
    this.waiting = setTimeout(() => void this.measure(chip), this.options.settledAfterMs ?? SETTLED_AFTER_MS)
    this.waiting.unref()
  }

  private async measure(chip: string): Promise<void> {
    const { probe, isBusy, onChange, log } = this.options
    if (isBusy()) {
      this.waiting = undefined
      return this.measureLater(chip)
    }
    try {
      const bytesPerSecond = await probe({ signal: this.closing.signal })
      log.info({ chip, bytesPerSecond }, 'measured the memory bandwidth')
      this.keep({ ...this.measured, memoryBandwidth: { chip, bytesPerSecond } })
      onChange()
    } catch (err) {
      // Retried at the next start: until then predictions are missing, nothing else.
      if (!this.closing.signal.aborted) log.warn({ err }, 'the memory bandwidth could not be measured')
    }
  }

  private keep(measured: Measured): void {
    this.measured = measured
    this.writing ??= setTimeout(() => void this.write(), WRITE_EVERY_MS).unref()
  }

  private async write(): Promise<void> {
    clearTimeout(this.writing)
    this.writing = undefined
    await writeMeasured(this.path, this.measured).catch((err: unknown) =>
      this.options.log.warn({ err }, 'the measurements could not be saved'),
    )
  }
}
