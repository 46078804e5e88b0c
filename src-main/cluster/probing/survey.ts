import type { NodeId } from '@core/ids'
import type { Probes, Target } from '@core/topology/probes'
import type { State } from '@core/state/state'

/** A way has to be there for so many rounds before it is measured: right after a start there is more to do. */
const SETTLED_ROUNDS = 3
/** A way that cannot be measured is tried so often, with longer and longer breaks between. */
const MOST_ATTEMPTS = 5

export interface SurveyOptions {
  readonly probes: Probes
  readonly state: () => State
  /** Bytes a second over that way. */
  readonly measure: (way: Target) => Promise<number>
  /** A model computes here now: measuring would slow it down, and it the measuring. */
  readonly isBusy: () => boolean
  readonly onMeasured: () => void
  readonly log: { info(fields: object, message: string): void }
}

interface Attempts {
  rounds: number
  failed: number
}

/** Learns once of every way how much it carries, one way at a time; and again when somebody asks. */
export class Survey {
  private readonly attempts = new Map<string, Attempts>()
  private running: Promise<unknown> = Promise.resolve()
  private isRunning = false

  constructor(private readonly options: SurveyOptions) {}

  /** Told once a round: measures the next way that nobody knows. */
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

  /** Measures all ways to a member anew; the last of them says how it went. Rejects where none can be measured. */
  async again(nodeId: NodeId, ways: readonly Target[]): Promise<void> {
    const own = ways.filter((way) => way.nodeId === nodeId)
    const failures: unknown[] = []
    for (const way of own) await this.measure(way).catch((error: unknown) => failures.push(error))
    if (failures.length === own.length)
      throw new Error('No way to that machine could be measured', { cause: failures[0] })
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
