import type { Command, Refusal } from '@core/commands/command'
import type { CommandId, NodeId, Timestamp } from '@core/ids'
import { SimulatedCables } from '@core/simulation/cables'
import { ModelAnswers } from '@core/simulation/cards'
import { wallTime } from '@core/time/clocks'
import { VirtualClock } from '@core/time/virtual-clock'
import { isCommandStep, sendCommand, type CommandStep } from '@core/simulation/commands'
import { countingIds } from '@core/simulation/counting-ids'
import { subjectOf } from '@core/simulation/happening'
import type { SimulationListener } from '@core/simulation/listener'
import { infoOf, withFreeMemory } from '@core/simulation/machine-info'
import { Random } from '@core/random'
import type { Step, StepOf } from '@core/simulation/scenario'
import type { World } from '@core/simulation/simulation'
import { failuresOf, instanceFor, instanceOn, reported } from '@core/simulation/subjects'
import type { Instance } from '@core/state/instances'
import type { RunnerStatus } from '@core/state/runners'
import { emptyState, type State } from '@core/state/state'
import { foundingOf } from './founding'
import { SimulatedLinks } from './links'
import { SimulatedNode } from './node'
import { NodeListener } from './node-listener'
import type { Outcome } from './outcome'

/** Start offset between consecutive nodes, so that no two tick at the same time. */
const OFFSET_MS = 7
/** Delay after which a crashed master process is started again. */
const RESTART_MS = 200

/** Resolves once all microtasks are drained: everything left waits for the virtual clock. */
const microtasksDrained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Several nodes with the product's deciding code, on one virtual clock, over simulated disks and links. */
export class ClusterSimulation {
  readonly clock = new VirtualClock()
  readonly links: SimulatedLinks
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  private readonly cables = new SimulatedCables()
  private readonly answers: ModelAnswers
  private failure: { readonly error: unknown } | undefined

  constructor(
    world: World,
    private readonly listener: SimulationListener,
  ) {
    const { clock, cables } = this
    if (world.wallClock !== undefined) clock.setWall(wallTime(Date.parse(world.wallClock)))
    const replicas = world.replicas ?? []
    this.links = new SimulatedLinks(clock, new Random(world.seed + 1))
    const ids = countingIds()
    const random = new Random(world.seed)
    const founding = foundingOf(replicas)
    const answers = (this.answers = new ModelAnswers(world.models))
    const nodeListener = new NodeListener({
      listener,
      now: () => clock.now(),
      onFailure: (error) => (this.failure ??= { error }),
    })
    this.nodes = new Map(
      replicas.map((self, at) => [
        self,
        new SimulatedNode({
          ...{ self, clock, links: this.links, cables, ids, answers, random, world, founding, listener: nodeListener },
          onWork: (instance, options) => this.work(instance, options),
          offset: at * OFFSET_MS,
        }),
      ]),
    )
  }

  /** The nodes that lead, latest term first. Excludes removed nodes, each of which leads only itself. */
  masters(): SimulatedNode[] {
    return [...this.nodes.values()]
      .filter((node) => node.isMaster() && !node.isOutside)
      .sort((a, b) => b.state().term - a.state().term || (a.self < b.self ? -1 : 1))
  }

  /** The leader's state; without a leader, that of the node with the latest term. */
  state(): State {
    const known = (node: SimulatedNode): number => (node.isRunning() && !node.isOutside ? node.state().term : -1)
    const [best] = [...this.masters(), ...[...this.nodes.values()].sort((a, b) => known(b) - known(a))]
    return best?.state() ?? emptyState()
  }

  /** Rejects with the first violation or internal error. */
  async runUntil(time: Timestamp): Promise<void> {
    await this.clock.runSettledUntil(time, () => this.settled())
  }

  /** Carries out one step of the scenario at the current time. */
  take(step: Step): void {
    this.listener.step?.(this.clock.now(), step)
    this.carryOut(step)
  }

  /** Resolves when all pending work waits for the virtual clock. Rejects with the first violation or internal error. */
  async settled(): Promise<void> {
    await microtasksDrained()
    if (this.failure) throw this.failure.error
  }

  private carryOut(step: Step): void {
    if (isCommandStep(step)) return this.command(step)
    switch (step.do) {
      case 'addNode':
        return this.addNode(step)
      case 'connect':
        return this.cables.connectSocket(step)
      case 'disconnect':
        return this.cables.disconnectSocket(step)
      case 'connectRdma':
        return this.cables.connectRdma(step)
      case 'disconnectRdma':
        return this.cables.disconnectRdma(step)
      case 'silence':
        return this.links.separations.isolate(step.node)
      case 'resume':
        return this.links.separations.rejoin(step.node)
      case 'partition':
        return this.links.separations.partition(step.groups)
      case 'heal':
        return this.links.separations.heal()
      case 'cut':
        return this.links.separations.cut(...step.between)
      case 'mend':
        return this.links.separations.mend(...step.between)
      case 'network': {
        const { loss, delayMs, jitterMs, duplication, bytesPerSecond } = step
        this.links.transit.conditions = { loss, delayMs, jitterMs, duplication, bytesPerSecond }
        return
      }
      case 'crashNode':
        return this.nodes.get(step.node)?.crash(step)
      case 'setClock':
        return this.nodes.get(step.node)?.setClock(step)
      case 'disk':
        return this.nodes.get(step.node)?.setDisk(step)
      case 'restartNode':
        return this.nodes.get(step.node)?.start()
      case 'backUp':
        return this.nodes.get(step.node)?.backUp()
      case 'restore':
        return this.nodes.get(step.node)?.restore()
      case 'sleep':
        return this.nodes.get(step.node)?.sleep(step)
      case 'wake':
        return this.nodes.get(step.node)?.wake()
      case 'removeNode':
        return this.nodes.get(step.node)?.quit()
      case 'setMemory':
        return this.setMemory(step)
      case 'setFiles':
        this.nodes.get(step.node)?.machine.setFiles(step.modelId, step.fingerprint)
        return
      case 'removeMember':
        return this.submit(step, { type: 'RemoveMember', nodeId: step.node }, this.via(step))
      case 'admitMember':
        return this.nodes.get(step.node)?.join(this.via(step))
      case 'failRunner':
        return this.failRunner(step)
      case 'shutdownRunner':
        return this.setRunner(step, () => ({ status: 'Shutdown' }))
      case 'runner':
        return this.setRunner(step, (instance) => reported(step, instance))
      case 'startTask': {
        const node = this.via(step)
        node?.startTask(step.id, () => instanceFor(node.state(), step), step.durationMs)
        return
      }
      case 'completeTask':
        for (const node of this.nodes.values()) node.completeTask(step.id)
        return
      case 'modelCard':
        return this.answers.setMode(step.modelId, step.mode, step.error)
      case 'setWallClock':
        return this.clock.setWall(wallTime(Date.parse(step.to)))
      case 'crashMaster': {
        const [master] = this.masters()
        master?.crash()
        return this.clock.after(RESTART_MS, () => master?.start())
      }
    }
  }

  /** The node whose API receives a command: the named one, else the first that is active. */
  private via({ via }: { readonly via?: NodeId | undefined }): SimulatedNode | undefined {
    const named = via === undefined ? undefined : this.nodes.get(via)
    if (named) return named.isActive() ? named : undefined
    return [...this.nodes.values()].find((node) => node.isActive() && !node.isOutside)
  }

  private command(step: CommandStep): void {
    const node = this.via(step)
    const refusal = sendCommand(
      {
        state: () => node?.state() ?? this.state(),
        submit: (command) => {
          this.submit(step, command, node)
          return undefined
        },
      },
      step,
      (modelId) => this.answers.card(modelId),
    )
    if (refusal) this.listener.refused?.(this.clock.now(), step.do, refusal, node?.self)
  }

  private submit(step: Step, command: Command, node: SimulatedNode | undefined): void {
    if (node === undefined)
      return this.reportOutcome(step, command, undefined, { status: 'undecided', reason: 'no_master' })
    node.submit(command, (outcome, commandId) => this.reportOutcome(step, command, node.self, outcome, commandId))
  }

  private reportOutcome(
    { do: name }: Step,
    command: Command,
    via: NodeId | undefined,
    outcome: Outcome,
    commandId?: CommandId,
  ): void {
    const { listener } = this
    const now = this.clock.now()
    const nobody =
      outcome.status === 'undecided' && outcome.reason !== 'no_master'
        ? `nobody decided: ${outcome.reason}`
        : 'nobody who could decide was there'
    const undecided: Refusal = { code: 'invalid', reason: nobody }
    if (outcome.status === 'done' && via !== undefined && commandId !== undefined)
      listener.happened?.(now, { kind: 'acknowledged', command: name, id: subjectOf(command), commandId, via })
    else listener.refused?.(now, name, outcome.status === 'refused' ? outcome.refusal : undecided, via)
  }

  private addNode(step: StepOf<'addNode'>): void {
    const node = this.nodes.get(step.node)
    if (!node) return
    node.machine.info = infoOf(step)
    node.start()
    const { friendlyName = step.node } = step
    if (node.state().members[node.self]?.friendlyName === friendlyName) return
    node.submit({ type: 'AdmitMember', member: { nodeId: node.self, certificate: '', friendlyName } }, () => undefined)
  }

  private setMemory({ node: nodeId, ramAvailable }: StepOf<'setMemory'>): void {
    const machine = this.nodes.get(nodeId)?.machine
    if (machine?.info) machine.info = withFreeMemory(machine.info, ramAvailable)
  }

  private failRunner(step: StepOf<'failRunner'>): void {
    const instance = instanceOn(this.state(), step)
    for (const [{ nodeId, runnerId }, status] of instance ? failuresOf(instance, step) : [])
      this.nodes.get(nodeId)?.worker.set(runnerId, status)
  }

  private setRunner(
    step: StepOf<'runner'> | StepOf<'shutdownRunner'>,
    status: (instance: Instance) => RunnerStatus,
  ): void {
    const instance = instanceOn(this.state(), step)
    const shard = instance?.shards.find(({ nodeId }) => nodeId === step.node)
    if (instance && shard) this.nodes.get(step.node)?.worker.set(shard.runnerId, status(instance))
  }

  /** Marks an instance's runners as busy or idle. */
  private work({ shards }: Instance, options: { readonly busy: boolean }): void {
    for (const { nodeId, runnerId } of shards) {
      const node = this.nodes.get(nodeId)
      if (node?.isActive()) node.worker.work(runnerId, options)
    }
  }
}
