import type { Timestamp } from '../ids'
import { nextDeadline } from '../reconcile/index'
import type { Instance } from '../state/instances'
import type { RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import { wallTime } from '../time/clocks'
import { SimulatedCables } from './cables'
import { SimulatedCards } from './cards'
import { VirtualClock } from '../time/virtual-clock'
import { isCommandStep, sendCommand } from './commands'
import type { SimulationListener } from './listener'
import { Livelock } from './livelock'
import { SimulatedMaster } from './master'
import { RECONNECT_MS, SimulatedNetwork } from './network'
import { Random } from '../random'
import { SimulatedRunners } from './runners'
import type { Scenario, Step, StepOf } from './scenario'
import { failuresOf, instanceFor, instanceOn, reported } from './subjects'
import { SimulatedTasks } from './tasks'

/** A pass runs at least this often. */
const INTERVAL_MS = 1000
/** More passes than this at one instant mean that two rules undo each other's work forever. */
const MAX_PASSES_AT_ONCE = 1000

export type World = Omit<Scenario, 'steps'>

/** The real core on a virtual clock, with simulated machines, runners, requests and model cards. */
export class Simulation {
  readonly clock = new VirtualClock()
  readonly master: SimulatedMaster
  readonly network: SimulatedNetwork
  readonly cards: SimulatedCards
  private readonly cables = new SimulatedCables()
  private readonly runners: SimulatedRunners
  private readonly tasks: SimulatedTasks
  private woken = false
  private deadline = Infinity
  private passesAt: { time: Timestamp; count: number } = { time: 0, count: 0 }

  constructor(
    world: World,
    private readonly listener: SimulationListener,
  ) {
    const { clock } = this
    if (world.wallClock !== undefined) clock.setWall(wallTime(Date.parse(world.wallClock)))
    const state = (): State => this.master.state()
    this.cards = new SimulatedCards(world.models, {
      clock,
      onAsk: (modelId) => this.listener.asked?.(clock.now(), modelId),
      onAnswer: (modelId, result) => this.listener.answered?.(clock.now(), modelId, result),
      onResult: () => this.wake(),
    })
    this.master = new SimulatedMaster({
      now: () => clock.now(),
      wall: () => clock.wall(),
      heard: () => this.network.heard(),
      firstHeard: () => this.network.firstHeard(),
      cards: () => this.cards.shelf.cards(),
      need: (modelId) => this.cards.need(modelId),
      onEvent: (envelope, before) => {
        this.listener.event?.(envelope, before, this.state())
        this.wake()
      },
    })
    const observe = this.master.observe.bind(this.master)
    this.network = new SimulatedNetwork({
      clock,
      cables: this.cables,
      state,
      observe,
      onHeard: (nodeId) => this.runners.reportAll(nodeId),
    })
    this.runners = new SimulatedRunners({
      clock,
      random: new Random(world.seed),
      behaviour: world.runner,
      state,
      observe,
      isHeard: (nodeId) => this.network.isHeard(nodeId),
    })
    this.tasks = new SimulatedTasks({
      clock,
      state,
      observe,
      onWork: (instance, options) => this.runners.work(instance, options),
    })
    this.tick()
  }

  state(): State {
    return this.master.state()
  }

  /** Carries out one step now, followed by a pass. */
  take(step: Step): void {
    this.listener.step?.(this.clock.now(), step)
    this.carryOut(step)
    this.pass()
  }

  runUntil(time: Timestamp): void {
    this.clock.runUntil(time)
  }

  private tick(): void {
    this.clock.after(INTERVAL_MS, () => {
      this.pass()
      this.tick()
    })
  }

  /** Schedules a pass at the end of the current instant; several calls schedule one. */
  private wake(): void {
    if (this.woken) return
    this.woken = true
    this.clock.after(0, () => {
      if (this.woken) this.pass()
    })
  }

  /** One pass of the master, and the reactions of the simulated world. */
  pass(): void {
    const now = this.clock.now()
    this.woken = false
    if (this.passesAt.time !== now) this.passesAt = { time: now, count: 0 }
    this.passesAt.count += 1
    if (this.passesAt.count > MAX_PASSES_AT_ONCE)
      throw new Livelock(`${MAX_PASSES_AT_ONCE} passes at ${now} ms, and still not at rest`)
    this.master.pass()
    this.runners.followState()
    this.tasks.followState()
    this.listener.passed?.(now, this.state())
    const due = nextDeadline(this.state(), this.master.inputs())
    if (due === undefined || (due >= this.deadline && this.deadline > now)) return
    this.deadline = due
    this.clock.at(due, () => this.pass())
  }

  /** Carries out a step without the pass that follows it. */
  carryOut(step: Step): void {
    if (isCommandStep(step)) {
      const refusal = sendCommand(this.master, step, (modelId) => this.cards.card(modelId))
      if (refusal) this.listener.refused?.(this.clock.now(), step.do, refusal)
      return
    }
    switch (step.do) {
      case 'addNode':
        this.master.submit({
          type: 'AdmitMember',
          member: { nodeId: step.node, certificate: '', friendlyName: step.friendlyName ?? step.node },
        })
        return this.network.addNode(step)
      case 'connect':
        return this.cables.connectSocket(step)
      case 'disconnect':
        return this.cables.disconnectSocket(step)
      case 'connectRdma':
        return this.cables.connectRdma(step)
      case 'disconnectRdma':
        return this.cables.disconnectRdma(step)
      case 'silence':
        return this.network.silence(step.node)
      case 'resume':
        return this.network.resume(step.node)
      case 'setMemory':
        return this.network.setMemory(step.node, step.ramAvailable)
      case 'setFiles':
        return this.network.setFiles(step.node, step.modelId, step.fingerprint)
      case 'removeNode':
        this.runners.nodeLeft(step.node)
        return this.network.removeNode(step.node)
      case 'failRunner': {
        const instance = instanceOn(this.state(), step)
        if (instance) this.runners.fail(failuresOf(instance, step))
        return
      }
      case 'shutdownRunner':
        return this.setRunner(step, () => ({ status: 'Shutdown' }))
      case 'runner':
        return this.setRunner(step, (instance) => reported(step, instance))
      case 'startTask':
        return this.tasks.start(step.id, () => instanceFor(this.state(), step), step.durationMs)
      case 'completeTask':
        return this.tasks.complete(step.id)
      case 'modelCard':
        return this.cards.setMode(step.modelId, step.mode, step.error)
      case 'setWallClock':
        return this.clock.setWall(wallTime(Date.parse(step.to)))
      case 'crashMaster':
        this.master.restart()
        this.cards.shelf.clear()
        this.network.masterRestarted()
        return this.clock.after(RECONNECT_MS, () => this.tasks.reportAll())
      // Only scenarios with several deciding nodes have these steps; the check ensures it.
      case 'partition':
      case 'heal':
      case 'cut':
      case 'mend':
      case 'crashNode':
      case 'restartNode':
      case 'backUp':
      case 'restore':
      case 'sleep':
      case 'wake':
      case 'network':
      case 'removeMember':
      case 'admitMember':
      case 'setClock':
      case 'disk':
        return
    }
  }

  private setRunner(
    step: StepOf<'runner'> | StepOf<'shutdownRunner'>,
    status: (instance: Instance) => RunnerStatus,
  ): void {
    const instance = instanceOn(this.state(), step)
    const shard = instance?.shards.find(({ nodeId }) => nodeId === step.node)
    if (instance && shard) this.runners.set(shard.runnerId, status(instance))
  }
}
