import type { Command, Refusal } from '../../commands/command'
import type { Envelope } from '../../events/event'
import { InstanceId, RunnerId, type CommandId, type ModelId, type NodeId, type Timestamp } from '../../ids'
import type { CardResult, IdSource } from '../../reconcile/process-manager'
import { next } from '../../reconcile/apply'
import { fold } from '../../events/fold'
import type { Instance } from '../../state/instances'
import type { RunnerStatus } from '../../state/runners'
import { emptyState, type State } from '../../state/state'
import { SimulatedCables } from '../cables'
import { VirtualClock } from '../clock'
import { isCommandStep, sendCommand, type CommandStep } from '../commands'
import type { SimulationListener } from '../listener'
import { infoOf, withFreeMemory } from '../machine-info'
import { Random } from '../random'
import type { Step, StepOf } from '../scenario'
import type { World } from '../simulation'
import { instanceFor, instanceOn, reported } from '../subjects'
import { subjectOf } from './happening'
import { SimulatedLinks } from './links'
import type { NewRecord } from './log'
import { SimulatedNode } from './node'
import type { NodeListener, Teller } from './node-listener'
import type { Outcome } from './outcome'
import type { Leadership } from './replication'

/** Of one node after the other, so that no two tick at the same moment. */
const OFFSET_MS = 7
/** A process that died by itself is started again after this. */
const RESTART_MS = 200

/** Ids that no two masters give twice, whatever keeps them apart. */
const countingIds = (): IdSource => {
  const counts = { instance: 0, runner: 0 }
  return {
    instanceId: () => InstanceId.parse(`instance-${++counts.instance}`),
    runnerId: () => RunnerId.parse(`runner-${++counts.runner}`),
  }
}

/** The log with which all replicas begin: the first of them has founded the cluster and admitted the others. */
const foundingLog = (replicas: readonly NodeId[]): NewRecord[] => {
  const [founder] = replicas
  if (founder === undefined) return []
  const term = 1
  let state: State = { ...emptyState(), term }
  const admissions = replicas.map((nodeId): NewRecord => {
    const envelope = next(state, { type: 'MemberAdmitted', nodeId, certificate: '', friendlyName: nodeId }, 0)
    state = fold(state, envelope)
    return { kind: 'decision', envelope }
  })
  return [{ kind: 'term', term, master: founder }, ...admissions]
}

/** The real core at several nodes on one virtual clock: each decides, follows and works as the product's nodes do. */
export class ClusterSimulation {
  readonly clock = new VirtualClock()
  readonly links: SimulatedLinks
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  private readonly cables = new SimulatedCables()

  constructor(
    world: World,
    private readonly listener: SimulationListener,
  ) {
    const { clock, cables } = this
    if (world.wallClock !== undefined) clock.setWall(Date.parse(world.wallClock))
    const replicas = world.replicas ?? []
    this.links = new SimulatedLinks(clock, new Random(world.seed + 1))
    const ids = countingIds()
    const random = new Random(world.seed)
    const founding = foundingLog(replicas)
    const nodeListener = this.nodeListener()
    this.nodes = new Map(
      replicas.map((self, at) => [
        self,
        new SimulatedNode({
          ...{ self, clock, links: this.links, cables, ids, random, world, founding, listener: nodeListener },
          onWork: (instance, options) => this.work(instance, options),
          offset: at * OFFSET_MS,
        }),
      ]),
    )
  }

  /** Those that lead now, the latest term first. */
  masters(): SimulatedNode[] {
    return [...this.nodes.values()]
      .filter((node) => node.deciding.isMaster())
      .sort((a, b) => b.state().term - a.state().term || (a.self < b.self ? -1 : 1))
  }

  /** As whoever leads sees it; where nobody does, whoever knows most. */
  state(): State {
    const known = (node: SimulatedNode): number => (node.isRunning() ? node.state().term : -1)
    const [best] = [...this.masters(), ...[...this.nodes.values()].sort((a, b) => known(b) - known(a))]
    return best?.state() ?? emptyState()
  }

  runUntil(time: Timestamp): void {
    this.clock.runUntil(time)
  }

  /** Carries out one step now, with a pass of every master after it. */
  take(step: Step): void {
    this.listener.step?.(this.clock.now(), step)
    this.carryOut(step)
    this.pass()
  }

  pass(): void {
    for (const node of this.nodes.values()) node.pass()
  }

  /** Does what a step says, without the passes that follow it. */
  carryOut(step: Step): void {
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
        return this.links.isolate(step.node)
      case 'resume':
        return this.links.rejoin(step.node)
      case 'partition':
        return this.links.partition(step.groups)
      case 'heal':
        this.links.mendAll()
        return this.links.partition([])
      case 'cut':
        return this.links.cut(...step.between)
      case 'mend':
        return this.links.mend(...step.between)
      case 'network': {
        const { loss, delayMs, jitterMs } = step
        this.links.conditions = { loss, delayMs, jitterMs }
        return
      }
      case 'crashNode':
        return this.nodes.get(step.node)?.crash()
      case 'restartNode':
        return this.nodes.get(step.node)?.start()
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
        for (const node of this.nodes.values()) node.deciding.cards.setMode(step.modelId, step.mode, step.error)
        return
      case 'setWallClock':
        return this.clock.setWall(Date.parse(step.to))
      case 'crashMaster': {
        const [master] = this.masters()
        master?.crash()
        return this.clock.after(RESTART_MS, () => master?.start())
      }
    }
  }

  /** The node whose API a command goes to: the one that is named, else the first that is there. */
  private via({ via }: { readonly via?: NodeId | undefined }): SimulatedNode | undefined {
    const named = via === undefined ? undefined : this.nodes.get(via)
    if (named) return named.isActive() ? named : undefined
    return [...this.nodes.values()].find((node) => node.isActive())
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
      (modelId) => node?.deciding.cards.card(modelId),
    )
    if (refusal) this.listener.refused?.(this.clock.now(), step.do, refusal, node?.self)
  }

  private submit(step: Step, command: Command, node: SimulatedNode | undefined): void {
    if (node === undefined) return this.tell(step, command, undefined, { status: 'undecided' })
    node.submit(command, (outcome, commandId) => this.tell(step, command, node.self, outcome, commandId))
  }

  private tell(
    { do: name }: Step,
    command: Command,
    via: NodeId | undefined,
    outcome: Outcome,
    commandId?: CommandId,
  ): void {
    const { listener } = this
    const now = this.clock.now()
    const undecided: Refusal = { code: 'invalid', reason: 'nobody who could decide was there' }
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
    const failing = instance?.shards.find(({ nodeId }) => nodeId === step.node)
    if (!instance || !failing) return
    const { error: errorMessage, code } = step
    this.nodes
      .get(step.node)
      ?.worker.set(failing.runnerId, { status: 'Failed', errorMessage, ...(code !== undefined && { code }) })
    if (step.only) return
    const status: RunnerStatus = { status: 'Failed', errorMessage: 'connection reset', consequence: true }
    for (const { nodeId, runnerId } of instance.shards)
      if (runnerId !== failing.runnerId) this.nodes.get(nodeId)?.worker.set(runnerId, status)
  }

  private setRunner(
    step: StepOf<'runner'> | StepOf<'shutdownRunner'>,
    status: (instance: Instance) => RunnerStatus,
  ): void {
    const instance = instanceOn(this.state(), step)
    const shard = instance?.shards.find(({ nodeId }) => nodeId === step.node)
    if (instance && shard) this.nodes.get(step.node)?.worker.set(shard.runnerId, status(instance))
  }

  private work({ shards }: Instance, options: { readonly busy: boolean }): void {
    for (const { nodeId, runnerId } of shards) {
      const node = this.nodes.get(nodeId)
      if (node?.isActive()) node.worker.work(runnerId, options)
    }
  }

  private nodeListener(): NodeListener {
    const { listener, clock } = this
    return {
      event: (node: Teller, envelope: Envelope, before: State): void =>
        listener.event?.(envelope, before, node.state(), node.self),
      leadership: ({ self }: Teller, leadership: Leadership): void => {
        const now = clock.now()
        if (leadership.kind === 'self') listener.happened?.(now, { kind: 'leads', node: self, term: leadership.term })
        else if (leadership.kind === 'nobody') listener.happened?.(now, { kind: 'seeks', node: self })
        else {
          const { master, term } = leadership
          listener.happened?.(now, { kind: 'follows', node: self, master, term })
        }
      },
      passed: (node: Teller): void => listener.passed?.(clock.now(), node.state(), node.self),
      setAside: ({ self }: Teller, after: number): void =>
        listener.happened?.(clock.now(), { kind: 'setAside', node: self, after }),
      merged: ({ self }: Teller, outcome: Outcome): void =>
        listener.happened?.(clock.now(), {
          kind: 'merged',
          node: self,
          result: outcome.status === 'refused' ? `refused: ${outcome.refusal.reason}` : outcome.status,
        }),
      asked: ({ self }: Teller, modelId: ModelId): void => listener.asked?.(clock.now(), modelId, self),
      answered: ({ self }: Teller, modelId: ModelId, result: CardResult): void =>
        listener.answered?.(clock.now(), modelId, result, self),
      lost: ({ self }: Teller, records: number): void =>
        listener.happened?.(clock.now(), { kind: 'lost', node: self, records }),
      removed: ({ self }: Teller): void => listener.happened?.(clock.now(), { kind: 'removed', node: self }),
    }
  }
}
