import type { Envelope } from '@core/events/event'
import type { CommandId, NodeId, Timestamp } from '@core/ids'
import { canonical } from '@core/state/canonical'
import type { State } from '@core/state/state'
import type { ClusterSimulation } from '../cluster-simulation'
import type { Happening } from '@core/simulation/happening'
import type { SimulatedNode } from '../node'
import type { Step } from '@core/simulation/scenario'
import { AcknowledgedLives } from './lives'
import { AcknowledgedMembers } from './members'
import { AcknowledgedWrites } from './writes'
import type { OpenedLog } from '../../master/index'
import { checkEvent, checkMasterAtRest, checkState, declarative, insist } from '@core/simulation/chaos/invariants'

/** Longer than any deadline of the leader: earlier disturbances no longer have an effect. */
const EFFECT_MS = 65_000

/** Longer than any node needs to learn who is reachable and who leads. */
const SETTLED_MS = 10_000
/** Steps that may change who leads. */
const disturbs: Readonly<Partial<Record<Step['do'], true>>> = {
  ...{ partition: true, heal: true, cut: true, mend: true, network: true, silence: true, resume: true },
  ...{ crashNode: true, restartNode: true, crashMaster: true, sleep: true, wake: true, removeNode: true },
  ...{ removeMember: true, admitMember: true, addNode: true },
}

/** Records acknowledgements and what nodes do, and checks the invariants of several deciding nodes. */
export class ClusterInvariants {
  private readonly declarations = new AcknowledgedLives('declaration')
  private readonly apiKeys = new AcknowledgedLives('API key')
  /** Temporary declarations, which may end by themselves until keeping them is acknowledged. */
  private readonly temporary = new Set<string>()
  /** Decided commands that keep a temporary declaration, with its id. */
  private readonly keeping = new Map<CommandId, string>()
  private readonly writes = new AcknowledgedWrites()
  private readonly members = new AcknowledgedMembers()
  /** The node that first decided each command. */
  private readonly deciders = new Map<CommandId, NodeId>()
  /** Commands decided by removed machines: they hold for nobody else. */
  private readonly decidedOutside = new Set<CommandId>()
  private readonly ledIn = new Map<number, Set<NodeId>>()
  private readonly accepted = new Map<NodeId, Map<number, NodeId>>()
  /** When each machine was last disturbed. */
  private readonly disturbed = new Map<string, Timestamp>()
  private allDisturbed: Timestamp = 0
  /** Machines that are off, asleep or cut off. Like a split or a lossy network, they are disturbed all the time. */
  private readonly away = new Set<string>()
  /** Machines with a faulty disk. */
  private readonly faultyDisks = new Set<string>()
  /** Those of them whose process was started since: it may not have read its log yet. */
  private readonly starting = new Set<string>()
  private isSplit = false
  private isLossy = false
  /** Nodes that lead or were the last to lead: on meeting another leader they may begin a later term. */
  private readonly led = new Set<NodeId>()
  private lastDisturbed: Timestamp = 0

  constructor(private readonly simulation: () => ClusterSimulation) {}

  step(step: Step, now: Timestamp): void {
    if (step.do in disturbs) this.lastDisturbed = now
    if (step.do === 'deleteMetaInstance') this.declarations.askRemoval(step.id)
    if (step.do === 'revokeApiKey') this.apiKeys.askRemoval(step.id)
    if (step.do === 'createMetaInstance' && step.onRequest) this.temporary.add(step.id)
    switch (step.do) {
      case 'crashNode':
      case 'removeNode':
        this.starts(step.node)
        this.away.add(step.node)
        return this.disturb(step.node, now)
      case 'sleep':
      case 'silence':
        this.away.add(step.node)
        return this.disturb(step.node, now)
      case 'restartNode':
        this.starts(step.node)
        this.away.delete(step.node)
        return this.disturb(step.node, now)
      case 'wake':
      case 'resume':
        this.away.delete(step.node)
        return this.disturb(step.node, now)
      case 'removeMember':
      case 'admitMember':
        return this.disturb(step.node, now)
      case 'disk':
        if (step.mode === 'sound') this.starting.delete(step.node)
        this.faultyDisks[step.mode === 'sound' ? 'delete' : 'add'](step.node)
        return this.disturb(step.node, now)
      case 'disconnect':
      case 'connect':
        this.disturbed.set(step.from, now)
        this.disturbed.set(step.to, now)
        return
      case 'partition':
      case 'heal':
      case 'cut':
      case 'mend':
      case 'network':
        if (step.do === 'partition' || step.do === 'cut') this.isSplit = true
        if (step.do === 'heal') this.isSplit = false
        if (step.do === 'network')
          this.isLossy = step.loss > 0 || step.delayMs > 100 || step.bytesPerSecond !== undefined
        this.allDisturbed = now
        return
      default:
    }
  }

  /** Its process starts again, now or later. */
  private starts(node: NodeId): void {
    if (this.faultyDisks.has(node)) this.starting.add(node)
  }

  /** That machine's process died. */
  died(node: NodeId, now: Timestamp): void {
    this.starts(node)
    this.disturb(node, now)
  }

  /** Records a disturbance of that machine. */
  private disturb(node: NodeId, now: Timestamp): void {
    this.disturbed.set(node, now)
    this.lastDisturbed = now
  }

  happened(happening: Happening): void {
    switch (happening.kind) {
      case 'leads': {
        const { node, term } = happening
        const own = this.ledIn.get(term) ?? new Set()
        insist(!own.has(node), () => `${node} leads twice in term ${term}`)
        this.checkDeposesNoLeader(node)
        this.led.add(node)
        this.ledIn.set(term, own.add(node))
        return this.accepts(node, node, term)
      }
      case 'follows':
        this.led.delete(happening.node)
        return this.accepts(happening.node, happening.master, happening.term)
      case 'seeks':
      case 'listens':
        this.led.delete(happening.node)
        return
      case 'removed':
      case 'joined':
        return this.membership(happening.kind, happening.node)
      case 'acknowledged':
        return this.acknowledged(happening)
      default:
    }
  }

  private acknowledged({ command, id, commandId }: Extract<Happening, { kind: 'acknowledged' }>): void {
    const by = this.deciders.get(commandId)
    if (by === undefined && this.decidedOutside.has(commandId)) return
    this.writes.acknowledged(commandId)
    this.members.acknowledged(commandId)
    if (command === 'createMetaInstance') this.declarations.make(id, by)
    if (command === 'createApiKey') this.apiKeys.make(id, by)
    this.temporary.delete(this.keeping.get(commandId) ?? '')
    if (command === 'deleteMetaInstance') this.declarations.remove(id, by)
    if (command === 'revokeApiKey') this.apiKeys.remove(id, by)
  }

  private membership(kind: 'removed' | 'joined', node: NodeId): void {
    this.disturb(node, this.simulation().clock.now())
    if (kind === 'joined') return
    this.members.removed(node)
    for (const acknowledged of [this.declarations, this.apiKeys, this.writes, this.members]) acknowledged.forget(node)
  }

  event(envelope: Envelope, before: State, after: State, node: NodeId): void {
    checkEvent(envelope, before, after)
    const { event, commandId } = envelope
    // A removed node carries out no command until it has discarded its data, and from then on only its own.
    const decider = this.simulation().nodes.get(node)
    if (decider?.isOutside === true) {
      if (commandId === undefined) return
      insist(!decider.isStartingOver, () => `${node} carries out ${commandId}, though it was removed`)
      this.decidedOutside.add(commandId)
      return
    }
    this.writes.decided(envelope, after, node)
    this.members.decided(envelope, after, node)
    if (commandId !== undefined && !this.deciders.has(commandId)) this.deciders.set(commandId, node)
    const at = this.simulation().clock.now()
    if (event.type === 'MetaInstanceUpdated' && event.changes.onRequest === null && commandId !== undefined)
      this.keeping.set(commandId, event.metaInstanceId)
    if (event.type !== 'InstanceDeleted' || (event.cause !== 'node' && event.cause !== 'connection')) return
    const instance = before.instances[event.instanceId]
    const concerned = [...(instance?.shards.map(({ nodeId }) => nodeId) ?? []), node]
    if (this.isSplit || concerned.some((nodeId) => this.away.has(nodeId) || this.starting.has(nodeId))) return
    const last = Math.max(this.allDisturbed, ...concerned.map((nodeId) => this.disturbed.get(nodeId) ?? 0))
    insist(
      instance === undefined || at - last < EFFECT_MS,
      () =>
        `${node} gives up ${event.instanceId} (${event.failureError ?? ''}), though nothing happened to its machines`,
    )
  }

  passed(state: State): void {
    checkState(state)
  }

  /** Membership at rest, before removed machines are readmitted. */
  membersAtRest(state: State): void {
    this.members.rest(state)
  }

  /** All invariants at rest, with every machine running and a member. */
  async rest(simulation: ClusterSimulation): Promise<void> {
    const nodes = [...simulation.nodes.values()]
    const [master, ...others] = simulation.masters()
    insist(master !== undefined, () => 'nobody leads at rest')
    insist(others.length === 0, () => `${[master, ...others].map((node) => node?.self).join()} all lead at rest`)
    if (master === undefined) return
    const state = master.state()
    for (const node of nodes) {
      insist(node.isActive(), () => `${node.self} is not there at rest`)
      insist(!node.stored.hasToMerge(), () => `${node.self} has something to merge at rest`)
      await sameLog(node, master)
      insist(
        canonical(node.state()) === canonical(state),
        () => `${node.self} has another state than ${master.self} at rest`,
      )
    }
    this.declarations.rest(state.metaInstances, this.temporary)
    this.apiKeys.rest(state.apiKeys)
    this.writes.rest(state)
    this.members.rest(state)
    const inputs = master.inputs()
    if (inputs) checkMasterAtRest(state, inputs, master.stored.readLog().state)
  }

  /** No node begins a term while a machine linked to it follows a live leader, once all had time to learn of that. */
  private checkDeposesNoLeader(node: NodeId): void {
    const { nodes, links, clock } = this.simulation()
    if (this.isLossy || clock.now() - this.lastDisturbed < SETTLED_MS || this.led.has(node)) return
    for (const { self, leadership } of nodes.values()) {
      if (self === node || leadership.kind !== 'other' || leadership.listensOnly || leadership.master === node) continue
      const { master } = leadership
      const isLive = nodes.get(master)?.isMaster() === true
      if (isLive && links.isLinked(node, self) && links.isLinked(self, master))
        insist(false, () => `${node} begins a term while ${self}, which it is linked to, hears ${master}`)
    }
  }

  private accepts(node: NodeId, master: NodeId, term: number): void {
    const terms = this.accepted.get(node) ?? new Map<number, NodeId>()
    this.accepted.set(node, terms)
    const other = terms.get(term)
    insist(other === undefined || other === master, () => `in term ${term}, ${node} obeys ${other} and then ${master}`)
    terms.set(term, master)
    const onDisk = this.simulation().nodes.get(node)?.stored.term() ?? 0
    insist(onDisk >= term, () => `${node} takes part in term ${term} before it is on its disk, which has ${onDisk}`)
  }
}

/** Compares the logs on both disks: the same end, the same state, and the same records as far back as both go. */
const sameLog = async (node: SimulatedNode, master: SimulatedNode): Promise<void> => {
  const [own, leaders] = [node.stored.readLog(), master.stored.readLog()]
  const base = Math.max(own.log.lastCompacted, leaders.log.lastCompacted)
  const contents = async ({ log, state }: OpenedLog, of: SimulatedNode): Promise<string> =>
    canonical([log.logEnd, declarative(state), await of.stored.recordsAfter(base)])
  insist(
    (await contents(own, node)) === (await contents(leaders, master)),
    () => `${node.self} has another log than ${master.self} at rest`,
  )
}
