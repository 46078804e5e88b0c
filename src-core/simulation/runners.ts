import type { Event } from '../events/event'
import type { NodeId, RunnerId } from '../ids'
import type { Instance, Shard } from '../state/instances'
import { isServing, isTerminal, type RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import type { VirtualClock } from '../time/virtual-clock'
import type { Random } from '../random'
import { startOf } from './runner-start'
import type { RunnerBehaviour } from './scenario'

interface SimulatedRunner {
  readonly nodeId: NodeId
  readonly shard: Shard
  /** Undefined until it has something to report. */
  status: RunnerStatus | undefined
}

export interface RunnersOptions {
  readonly clock: VirtualClock
  readonly random: Random
  readonly behaviour: RunnerBehaviour
  readonly state: () => State
  readonly observe: (event: Event) => void
  readonly isHeard: (nodeId: NodeId) => boolean
}

const same = (a: RunnerStatus, b: RunnerStatus | undefined): boolean =>
  b !== undefined &&
  a.status === b.status &&
  (a.status !== 'Loading' || b.status !== 'Loading' || a.layersLoaded === b.layersLoaded)

/** The runners of the simulated workers: started and stopped to match the state; their reports are level-triggered. */
export class SimulatedRunners {
  private readonly runners = new Map<RunnerId, SimulatedRunner>()
  private seen: State['instances'] | undefined

  constructor(private readonly options: RunnersOptions) {}

  /** Workers with a link to the master start missing runners and stop surplus ones. */
  followState({ again = false } = {}): void {
    const { instances } = this.options.state()
    if (instances === this.seen && !again) return
    this.seen = instances
    const wanted = new Set<RunnerId>()
    const missing: Shard[] = []
    for (const { shards } of Object.values(instances)) {
      for (const shard of shards) {
        wanted.add(shard.runnerId)
        if (!this.runners.has(shard.runnerId) && this.options.isHeard(shard.nodeId)) missing.push(shard)
      }
    }
    for (const [runnerId, { nodeId }] of this.runners)
      if (!wanted.has(runnerId) && this.options.isHeard(nodeId)) this.runners.delete(runnerId)
    for (const shard of missing) this.start(shard)
  }

  /** A node is heard again: it reports what the state lacks. */
  reportAll(nodeId: NodeId): void {
    this.followState({ again: true })
    for (const [runnerId, runner] of this.runners) if (runner.nodeId === nodeId) this.report(runnerId, runner)
  }

  /** The node quit, and its runners with it. */
  nodeLeft(nodeId: NodeId): void {
    for (const [runnerId, runner] of this.runners) if (runner.nodeId === nodeId) this.runners.delete(runnerId)
  }

  /** Sets a runner's status. No status follows a terminal one. */
  set(runnerId: RunnerId, status: RunnerStatus): void {
    const runner = this.runners.get(runnerId)
    if (!runner || (runner.status !== undefined && isTerminal(runner.status))) return
    runner.status = status
    this.report(runnerId, runner)
  }

  /** Fails one runner, and those that fail as a consequence. Does nothing if the first has already ended. */
  fail(failures: readonly (readonly [Shard, RunnerStatus])[]): void {
    const status = failures[0] && this.runners.get(failures[0][0].runnerId)?.status
    if (status !== undefined && isTerminal(status)) return
    for (const [{ runnerId }, failure] of failures) this.set(runnerId, failure)
  }

  /** An instance starts or ends work: its ready runners report it. */
  work(instance: Instance, { busy }: { busy: boolean }): void {
    if (!this.options.behaviour.auto) return
    for (const { runnerId } of instance.shards) {
      const status = this.runners.get(runnerId)?.status
      if (status && isServing(status)) this.set(runnerId, { status: busy ? 'Running' : 'Ready' })
    }
  }

  private report(runnerId: RunnerId, { nodeId, status }: SimulatedRunner): void {
    if (status === undefined || !this.options.isHeard(nodeId)) return
    if (same(status, this.options.state().runners[runnerId])) return
    this.options.observe({ type: 'RunnerStatusUpdated', runnerId, ...status })
  }

  private start(shard: Shard): void {
    const { runnerId, nodeId } = shard
    const runner: SimulatedRunner = { nodeId, shard, status: undefined }
    this.runners.set(runnerId, runner)
    const { behaviour, random } = this.options
    if (!behaviour.auto) return
    for (const { after, status } of startOf(shard, behaviour, random)) {
      this.options.clock.after(after, () => {
        if (this.runners.get(runnerId) === runner) this.set(runnerId, status)
      })
    }
  }
}
