import type { NodeId } from '@core/ids'
import type { Probes, Target } from '@core/topology/probes'
import type { State } from '@core/state/state'

/**
 * Rounds for which an address must have been known before it is measured: just after a start the machine is busy with
 * other work.
 */
const SETTLED_ROUNDS = 3
/** Attempts per address, with exponential backoff. */
const MOST_ATTEMPTS = 5

export interface SurveyOptions {
  readonly probes: Probes
  readonly state: () => State
  /** Measures bytes per second to that address. */
  readonly measure: (way: Target) => Promise<number>
  /** Whether a model is computing here now: it and the measurement would slow each other down. */
  readonly isBusy: () => boolean
  readonly onMeasured: () => void
  readonly log: { info(fields: object, message: string): void }
}

interface Attempts {
  rounds: number
  failed: number
}

/** Measures the throughput to every address once, one at a time, and again on request. */
export class Survey {
  private readonly attempts = new Map<string, Attempts>()
  private running: Promise<unknown> = Promise.resolve()
  private isRunning = false

  constructor(private readonly options: SurveyOptions) {}

  /** Called once a round: measures the next unmeasured address. */
  round(): void {
    const { probes, state, isBusy } = this.options
    const unmeasured = probes.unmeasured(state())
    const names = new Set(unmeasured.map(nameOf))
    for (const name of this.attempts.keys()) if (!names.has(name)) this.attempts.delete(name)
    for (const way of unmeasured) {
      const known = this.attempts.get(nameOf(way)) ?? { rounds: 0, failed: 0 }
      this.attempts.set(nameOf(way), { ...known, rounds: known.rounds + 1 })
    }
    if (this.isRunning || isBusy()) return
    const next = unmeasured.find((way) => {
      const { rounds, failed } = this.attempts.get(nameOf(way)) ?? { rounds: 0, failed: 0 }
      return failed < MOST_ATTEMPTS && rounds >= SETTLED_ROUNDS * 2 ** failed
    })
    if (next) void this.measure(next).catch(() => this.failed(next))
  }

  /** Measures all addresses of a member again, one after another. Rejects if none can be measured. */
  async again(nodeId: NodeId, ways: readonly Target[]): Promise<void> {
    const own = ways.filter((way) => way.nodeId === nodeId)
    const failures: unknown[] = []
    for (const way of own) await this.measure(way).catch((error: unknown) => failures.push(error))
    if (failures.length === own.length)
      throw new Error('The connection to that machine could not be measured at any address', { cause: failures[0] })
  }

  private measure(way: Target): Promise<void> {
    const work = async (): Promise<void> => {
      this.isRunning = true
      try {
        const bytesPerSecond = await this.options.measure(way)
        this.options.probes.measured(way, bytesPerSecond)
        this.options.log.info({ nodeId: way.nodeId, ip: way.ip, bytesPerSecond }, 'measured a connection')
        this.options.onMeasured()
      } finally {
        this.isRunning = false
      }
    }
    const done = this.running.then(work)
    this.running = done.catch(() => undefined)
    return done
  }

  private failed(way: Target): void {
    const known = this.attempts.get(nameOf(way))
    if (known) known.failed += 1
  }
}

const nameOf = ({ nodeId, ip }: Target): string => `${nodeId}@${ip}`
