import { PEER_PROTOCOL } from '@core/protocols/peer'
import type { MeasuredSpeed } from '@core/state/measured-speeds'
import type { NodeInfo } from '@core/state/nodes'
import type { WrongClock } from '@core/state/wrong-clocks'
import type { CodedText } from '@core/texts/coded'
import { type Machine, type MachineFacts, type SystemWatch, watchSystem } from '../system/index'
import { version } from '../version'

const READ_EVERY_MS = 5000

/** Why no model can run on this machine, in English, and as a code if the node itself found out. */
export interface CannotRun {
  readonly reason: string
  readonly coded: CodedText | undefined
}

export interface OwnFactsOptions {
  readonly machine: Machine
  /** Whether models may be placed here. */
  readonly worker: boolean
  /** Why no model can run here; undefined if one can. */
  cannotRun(): CannotRun | undefined
  /** Memory bandwidth in bytes per second, if the user has set it. */
  readonly knownBandwidth: number | undefined
  readonly measurements: {
    readonly speeds: readonly MeasuredSpeed[]
    /** Returns the measured bandwidth; if there is none, starts a measurement and returns undefined. */
    memoryBandwidth(chip: string): number | undefined
  }
  /** Runners that were killed while they used RDMA, since this machine booted. */
  readonly killedRunners: { readonly count: number }
  /** Facts about this machine's sleep; undefined until they are known. */
  readonly power?: () => NodeInfo['power']
  /** What is wrong in the watched folder of declaration files; undefined if nothing is. */
  readonly declarationFaults?: () => NodeInfo['declarationFaults']
  /** Members whose clocks are wrong, as far as this node leads and knows. */
  readonly wrongClocks?: () => readonly WrongClock[]
  readonly onChange: (info: NodeInfo) => void
}

/**
 * The facts that this machine reports about itself: those of the system, and those that this node learnt by running
 * models.
 */
export class OwnFacts {
  private readonly system: SystemWatch

  constructor(private readonly options: OwnFactsOptions) {
    this.system = watchSystem({ machine: options.machine, every: READ_EVERY_MS, onChange: () => this.report() })
  }

  /** Resolves after the first reading, once `onChange` was called with it. */
  get ready(): Promise<void> {
    return this.system.ready
  }

  /** Reports the facts again, because something changed that the system does not know. */
  report(): void {
    const facts = this.system.current()
    if (facts) this.options.onChange(this.info(facts))
  }

  /** Reads the machine's facts now. */
  refresh(): Promise<void> {
    return this.system.refresh()
  }

  close(): Promise<void> {
    return this.system.close()
  }

  private info(facts: MachineFacts): NodeInfo {
    const { worker, knownBandwidth, measurements, killedRunners } = this.options
    const cannotRun = this.options.cannotRun()
    // Without models to run, the bandwidth is not needed for predictions.
    const mayMeasure = cannotRun === undefined && worker
    const memoryBandwidth =
      knownBandwidth ?? facts.memoryBandwidth ?? (mayMeasure ? measurements.memoryBandwidth(facts.chip) : undefined)
    const { speeds } = measurements
    const { rdma } = facts
    const power = this.options.power?.()
    const declarationFaults = this.options.declarationFaults?.()
    const wrongClocks = this.options.wrongClocks?.() ?? []
    return {
      ...facts,
      ...(memoryBandwidth !== undefined && { memoryBandwidth }),
      ...(rdma && killedRunners.count > 0 && { rdma: { ...rdma, killedRunners: killedRunners.count } }),
      ...(speeds.length > 0 && { speeds: [...speeds] }),
      version,
      protocol: PEER_PROTOCOL,
      worker,
      ...(cannotRun && { cannotRun: cannotRun.reason, cannotRunCoded: cannotRun.coded }),
      ...(declarationFaults !== undefined && { declarationFaults }),
      ...(wrongClocks.length > 0 && { wrongClocks: [...wrongClocks] }),
      ...(power !== undefined && { power }),
    }
  }
}
