import type { Event } from '../events/event'
import type { InstanceId, NodeId, RunnerId } from '../ids'
import type { Instance, Shard } from '../state/instances'
import { isTerminal, type RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import type { Scenario } from './scenario'

interface SimulatedRunner {
  readonly runnerId: RunnerId
  readonly nodeId: NodeId
  readonly instanceId: InstanceId
  readonly layers: number
  status: RunnerStatus
}

export interface RunnersOptions {
  readonly behaviour: Scenario['runner']
  /** Does something later, in virtual time. */
  readonly after: (milliseconds: number, act: () => void) => void
  /** Whether a node hears and is heard. */
  readonly speaks: (nodeId: NodeId) => boolean
}

const word = ({ status }: RunnerStatus): string => status

/** The workers of all nodes and what they run. What they report follows from how the state differs from that. */
export class Runners {
  private readonly runners = new Map<RunnerId, SimulatedRunner>()

  constructor(private readonly options: RunnersOptions) {}

  /** Starts what the state wants and ends what it no longer has, on every node that hears of it. */
  follow(state: State): void {
    const wanted = new Map<RunnerId, { shard: Shard; instance: Instance }>()
    for (const instance of Object.values(state.instances))
      for (const shard of instance.shards) wanted.set(shard.runnerId, { shard, instance })
    for (const { runnerId, nodeId } of this.runners.values())
      if (!wanted.has(runnerId) && this.options.speaks(nodeId)) this.runners.delete(runnerId)
    for (const { shard, instance } of wanted.values()) this.start(state, shard, instance)
  }

  /** Everything that ran on a node that is gone. */
  drop(nodeId: NodeId): void {
    for (const runner of this.runners.values()) if (runner.nodeId === nodeId) this.runners.delete(runner.runnerId)
  }

  /** Sets what the instance's runner on this node is at; without one it does nothing. */
  set(instance: Instance, nodeId: NodeId, status: RunnerStatus): void {
    const runner = this.of(instance).find((candidate) => candidate.nodeId === nodeId)
    if (runner && !isTerminal(runner.status)) runner.status = status
  }

  /** One fails; the workers of the others stop theirs in consequence, unless `only` says that they do not. */
  fail(instance: Instance, nodeId: NodeId, error: string, { only }: { readonly only: boolean }): void {
    if (!instance.shards.some((shard) => shard.nodeId === nodeId)) return
    this.set(instance, nodeId, { status: 'Failed', errorMessage: error })
    if (only) return
    for (const other of instance.shards)
      if (other.nodeId !== nodeId)
        this.set(instance, other.nodeId, { status: 'Failed', errorMessage: 'connection reset', consequence: true })
  }

  /** How far a runner is with the word alone; the rest is what such a runner would say. */
  statusNamed(instance: Instance, name: RunnerStatus['status'], errorMessage = ''): RunnerStatus {
    const layers = instance.shards[0]?.layers ?? 1
    switch (name) {
      case 'Failed':
        return { status: name, errorMessage }
      case 'Loading':
        return { status: name, layersLoaded: 0, layers }
      default:
        return { status: name }
    }
  }

  /** What the workers see otherwise than the state has it. */
  reports(state: State): Event[] {
    const busy = new Set(
      Object.values(state.tasks)
        .filter(isLive)
        .map(({ instanceId }) => instanceId),
    )
    const events: Event[] = []
    for (const { runnerId, nodeId, instanceId, status } of this.runners.values()) {
      if (!this.options.speaks(nodeId) || !(nodeId in state.nodes)) continue
      const known = state.runners[runnerId]
      if (known && isTerminal(known)) continue
      const shown: RunnerStatus = status.status === 'Ready' && busy.has(instanceId) ? { status: 'Running' } : status
      const changed =
        known === undefined ||
        word(known) !== word(shown) ||
        (known.status === 'Loading' && shown.status === 'Loading' && known.layersLoaded !== shown.layersLoaded)
      if (changed) events.push({ type: 'RunnerStatusUpdated', runnerId, ...shown })
    }
    return events
  }

  private of(instance: Instance): SimulatedRunner[] {
    return instance.shards.flatMap(({ runnerId }) => this.runners.get(runnerId) ?? [])
  }

  private start(state: State, { runnerId, nodeId, layers }: Shard, { instanceId }: Instance): void {
    if (this.runners.has(runnerId) || !this.options.speaks(nodeId) || !(nodeId in state.nodes)) return
    const { auto, connectMs, loadMs } = this.options.behaviour
    const runner: SimulatedRunner = { runnerId, nodeId, instanceId, layers, status: { status: 'Idle' } }
    this.runners.set(runnerId, runner)
    if (!auto) return
    runner.status = { status: 'Connecting' }
    // Whatever a step or a failure made of it meanwhile stays.
    const advance = (milliseconds: number, from: string, status: RunnerStatus): void =>
      this.options.after(milliseconds, () => {
        if (word(runner.status) === from) runner.status = status
      })
    advance(connectMs, 'Connecting', { status: 'Loading', layersLoaded: 0, layers })
    advance(connectMs + loadMs, 'Loading', { status: 'Ready' })
  }
}
