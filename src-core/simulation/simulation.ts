import type { Command } from '../commands/command'
import type { Envelope, Event } from '../events/event'
import { ModelId, type Timestamp } from '../ids'
import { place } from '../placement/place'
import { currentInstance } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { Agenda } from './agenda'
import { SimulatedCards } from './cards'
import { rdmaKey, socketKey } from './links'
import { Machines, UNREACHABLE_AFTER_MS } from './machines'
import { SimulatedMaster } from './master'
import { Runners } from './runners'
import type { Scenario, Step, StepOf } from './scenario'
import { Tasks } from './tasks'

/** What a run tells, in order. */
export type Told =
  | { readonly kind: 'event'; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly at: Timestamp; readonly command: string; readonly reason: string }

const AFTER_THE_LAST_STEP_MS = 60_000
/** More rounds of reports than that in one moment never end. */
const MOST_ROUNDS = 1000

/** The real core on a virtual clock, among simulated machines. The same scenario tells the same, to the byte. */
export class Simulation {
  now = 0
  readonly master: SimulatedMaster
  readonly machines = new Machines(() => this.now)
  private readonly agenda = new Agenda()
  private readonly cards: SimulatedCards
  private readonly runners: Runners
  private readonly tasks: Tasks
  private readonly until: number

  constructor(
    private readonly scenario: Scenario,
    private readonly tell: (told: Told) => void,
  ) {
    const after = (milliseconds: number, act: () => void): void => this.agenda.put(this.now + milliseconds, act)
    const cards = Object.entries(scenario.models).map(
      ([id, card]) => [id, { ...card, modelId: ModelId.parse(id) }] as const,
    )
    this.cards = new SimulatedCards({ cards: Object.fromEntries(cards), now: () => this.now, after })
    this.runners = new Runners({
      behaviour: scenario.runner,
      after,
      speaks: (nodeId) => this.machines.speaks(nodeId),
    })
    this.tasks = new Tasks(after)
    this.master = new SimulatedMaster({
      now: () => this.now,
      cards: () => this.cards.atHand(),
      heard: () => this.machines.heard(),
      need: ({ modelId }) => this.cards.need(modelId),
      onEvent: (envelope) => tell({ kind: 'event', envelope }),
    })
    const last = Math.max(0, ...scenario.steps.map(({ at }) => at))
    this.until = scenario.until ?? last + AFTER_THE_LAST_STEP_MS
    for (const step of scenario.steps) this.agenda.put(step.at, () => this.carryOut(step))
  }

  get state(): State {
    return this.master.state
  }

  /** Runs to the end. `onMoment` is called after each moment in which something could happen. */
  run(onMoment: () => void = () => undefined): State {
    while (this.moment()) onMoment()
    return this.state
  }

  /** One moment: its next item or deadline, and all that follows from it at once. False when the run is over. */
  moment(): boolean {
    const next = Math.min(this.agenda.nextAt ?? Infinity, this.master.nextDeadline() ?? Infinity)
    if (next > this.until) return false
    this.now = next
    if (this.agenda.nextAt === next) this.agenda.take()?.()
    this.settle()
    return true
  }

  /** Everybody reports and the master reconciles, until nobody has anything more to say. */
  private settle(): void {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const { lastEventIndex } = this.state
      this.report(this.machines.reports(this.state))
      this.runners.follow(this.state)
      this.report(this.runners.reports(this.state))
      this.report(this.tasks.reports(this.state))
      this.master.reconcile()
      if (this.state.lastEventIndex === lastEventIndex) return
    }
    throw new Error(`the reports never come to rest at ${this.now} ms`)
  }

  private report(events: readonly Event[]): void {
    for (const event of events) this.master.record(event)
  }

  private submit(step: Step, command: Command): void {
    const refusal = this.master.submit(command)
    if (refusal) this.refuse(step, refusal.reason)
  }

  private refuse(step: Step, reason: string): void {
    this.tell({ kind: 'refused', at: this.now, command: step.do, reason })
  }

  private carryOut(step: Step): void {
    switch (step.do) {
      case 'addNode':
        this.machines.add(step)
        return this.submit(step, {
          type: 'AdmitMember',
          member: { nodeId: step.node, certificate: '', friendlyName: step.friendlyName ?? step.node },
        })
      case 'removeNode': {
        const farewell = this.machines.remove(step.node)
        this.runners.drop(step.node)
        return this.report(farewell)
      }
      case 'silence':
        this.machines.silence(step.node)
        return this.agenda.put(this.now + UNREACHABLE_AFTER_MS, () => undefined)
      case 'resume':
        return this.machines.resume(step.node)
      case 'setMemory':
        return this.machines.setMemory(step.node, step.ramAvailable)
      case 'connect':
        return this.machines.links.connect(step)
      case 'connectRdma':
        return this.machines.links.connectRdma(step)
      case 'disconnect':
        return this.machines.links.disconnect(socketKey(step.from, step.to, step.ip), step)
      case 'disconnectRdma':
        return this.machines.links.disconnect(rdmaKey(step.from, step.to, step.fromInterface), { both: true })
      case 'createMetaInstance':
        return this.create(step)
      case 'updateMetaInstance': {
        const { at: _at, do: _do, id, minNodes, ...changes } = step
        return this.submit(step, {
          type: 'UpdateMetaInstance',
          metaInstanceId: id,
          // Clearing a field that has a default sets that.
          changes: { ...changes, ...(minNodes !== undefined && { minNodes: minNodes ?? 1 }) },
        })
      }
      case 'restartMetaInstance':
        return this.submit(step, { type: 'RestartMetaInstance', metaInstanceId: step.id })
      case 'deleteMetaInstance':
        return this.submit(step, { type: 'DeleteMetaInstance', metaInstanceId: step.id })
      case 'placeInstance':
        return this.placeInstance(step)
      case 'deleteInstance':
        return this.submit(step, { type: 'DeleteInstance', instanceId: step.id })
      case 'failRunner':
        return this.aimed(step, (instance) => this.runners.fail(instance, step.node, step.error, step))
      case 'shutdownRunner':
        return this.aimed(step, (instance) => this.runners.set(instance, step.node, { status: 'Shutdown' }))
      case 'runner':
        return this.aimed(step, (instance) => {
          const status = this.runners.statusNamed(instance, step.status, step.errorMessage)
          this.runners.set(instance, step.node, status)
        })
      case 'startTask':
        return this.aimed(step, ({ instanceId }) =>
          this.tasks.start({ taskId: step.id, instanceId, createdAt: this.now, durationMs: step.durationMs }),
        )
      case 'completeTask':
        return this.tasks.complete(step.id)
      case 'cancelTask':
        return this.submit(step, { type: 'CancelTask', taskId: step.id })
      case 'modelCard':
        return this.cards.set(
          step.modelId,
          step.mode === 'error' ? { kind: 'error', error: step.error ?? 'error' } : { kind: step.mode },
        )
      case 'crashMaster':
        this.master.crash()
        this.cards.forget()
        return this.machines.forget()
    }
  }

  private create(step: StepOf<'createMetaInstance'>): void {
    const { at: _at, do: _do, id, validate, minNodes = 1, ...wanted } = step
    if (validate) {
      const card = this.cardOf(wanted.modelId)
      if (!card) return this.refuse(step, `${wanted.modelId} is not known`)
      const result = place(this.state, card, { ...wanted, minNodes })
      if (result.status === 'refused') return this.refuse(step, result.error.reason)
    }
    return this.submit(step, { type: 'CreateMetaInstance', metaInstanceId: id, minNodes, ...wanted })
  }

  private placeInstance(step: StepOf<'placeInstance'>): void {
    const { at: _at, do: _do, id, minNodes = 1, ...wanted } = step
    const card = this.cardOf(wanted.modelId)
    if (!card) return this.refuse(step, `${wanted.modelId} is not known`)
    return this.submit(step, { type: 'PlaceInstance', instanceId: id, card, minNodes, ...wanted })
  }

  private cardOf(modelId: ModelId) {
    const card = this.scenario.models[modelId]
    return card && { ...card, modelId }
  }

  /** Does it to the instance that the step means, where there is one now. */
  private aimed(
    { metaInstance, instance }: Pick<StepOf<'startTask'>, 'metaInstance' | 'instance'>,
    act: (instance: Instance) => void,
  ): void {
    const meant =
      metaInstance !== undefined
        ? currentInstance(this.state, metaInstance)
        : instance && this.state.instances[instance]
    if (meant) act(meant)
  }
}
