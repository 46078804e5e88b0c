import { PEER_PROTOCOL } from '@core/protocols/peer'
import type { MeasuredSpeed } from '@core/state/measured-speeds'
import type { NodeInfo } from '@core/state/nodes'
import type { CodedText } from '@core/texts/coded'
import type { MachineFacts } from '../system/facts'
import type { Machine } from '../system/machine'
import { watchSystem, type SystemWatch } from '../system/watch'
import { version } from '../version'

const LOOK_EVERY_MS = 5000

/** Why no model can run on this machine, in English, and as a code if the node itself found out. */
export interface CannotRun {
  readonly reason: string
  readonly coded: CodedText | undefined
}

export interface OwnFactsOptions {
  readonly machine: Machine
  /** Models may be placed here. */
  readonly worker: boolean
  /** Why no model can run here; undefined where one can. */
  cannotRun(): CannotRun | undefined
  /** Bytes per second, where its owner says it. */
  readonly knownBandwidth: number | undefined
  readonly measurements: {
    readonly speeds: readonly MeasuredSpeed[]
    /** Measures it where nobody has yet. */
    memoryBandwidth(chip: string): number | undefined
  }
  /** Runners that were killed while they used RDMA, since this machine was started. */
  readonly killedRunners: { readonly count: number }
  /** Of this machine's sleep; undefined until it is known. */
  readonly power?: () => NodeInfo['power']
  readonly onChange: (info: NodeInfo) => void
}

/** What this machine says of itself: what the system tells, and what this node has found out by running models on it. */
export class OwnFacts {
  private readonly system: SystemWatch

  constructor(private readonly options: OwnFactsOptions) {
    this.system = watchSystem({ machine: options.machine, every: LOOK_EVERY_MS, onChange: () => this.tell() })
  }

  /** Resolves after the first look, when `onChange` has been called with it. */
  get ready(): Promise<void> {
    return this.system.ready
  }

  /** Something was found out here that the system does not know of. */
  tell(): void {
    const facts = this.system.current()
    if (facts) this.options.onChange(this.info(facts))
  }

  /** Looks at the machine now. */
  refresh(): Promise<void> {
    return this.system.refresh()
  }

  close(): Promise<void> {
    return this.system.close()
  }

  private info(facts: MachineFacts): NodeInfo {
    const { worker, knownBandwidth, measurements, killedRunners } = this.options
    const cannotRun = this.options.cannotRun()
    // Where no model can run there is nothing to predict.
    const mayMeasure = cannotRun === undefined && worker
    const memoryBandwidth =
      knownBandwidth ?? facts.memoryBandwidth ?? (mayMeasure ? measurements.memoryBandwidth(facts.chip) : undefined)
    const { speeds } = measurements
    const { rdma } = facts
    const power = this.options.power?.()
    return {
      ...facts,
      ...(memoryBandwidth !== undefined && { memoryBandwidth }),
      ...(rdma && killedRunners.count > 0 && { rdma: { ...rdma, killedRunners: killedRunners.count } }),
      ...(speeds.length > 0 && { speeds: [...speeds] }),
      version,
      protocol: PEER_PROTOCOL,
      worker,
      ...(cannotRun && { cannotRun: cannotRun.reason, cannotRunCoded: cannotRun.coded }),
      ...(power !== undefined && { power }),
    }
  }
}
