import type { Command } from '../../commands/command'
import type { Envelope, Event, Observation } from '../../events/event'
import { CommandId, type ModelId, type NodeId, type Timestamp } from '../../ids'
import type { CardResult, IdSource, ReconcileInputs } from '../../reconcile/process-manager'
import type { Instance } from '../../state/instances'
import { mayObserve } from '../../state/observer'
import type { State } from '../../state/state'
import type { SimulatedCables } from '../cables'
import { SimulatedCards } from '../cards'
import type { VirtualClock } from '../clock'
import type { Random } from '../random'
import type { World } from '../simulation'
import { SimulatedTasks } from '../tasks'
import { SimulatedCommanding } from './commanding'
import { SimulatedFollowing } from './following'
import { SimulatedLeading } from './leading'
import type { Linked, SimulatedLinks } from './links'
import { SimulatedLog, type NewRecord } from './log'
import { SimulatedMachine } from './machine'
import { NodeClock } from './node-clock'
import type { Outcome } from './outcome'
import type { Packet } from './packet'
import { SimulatedProjection } from './projection'
import { SimulatedReplication, type Leadership } from './replication'
import { SimulatedResubmitting } from './resubmitting'
import { Said } from './said'
import { SimulatedSequencing } from './sequencing'
import { SimulatedWorker } from './worker'

/** Last words are given this long to be on their way. */
const FAREWELL_MS = 30
/** Whoever observes something looks this often whether the state knows it. */
const LOOK_MS = 1000
/** A machine that was not heard for so long may hang. */
const HANGING_MS = 5000

export interface NodeListener {
  event(node: SimulatedNode, envelope: Envelope, before: State): void
  leadership(node: SimulatedNode, leadership: Leadership): void
  passed(node: SimulatedNode): void
  setAside(node: SimulatedNode, after: number): void
  submittedAgain(node: SimulatedNode, command: Command, outcome: Outcome): void
  asked(node: SimulatedNode, modelId: ModelId): void
  answered(node: SimulatedNode, modelId: ModelId, result: CardResult): void
  removed(node: SimulatedNode): void
  lost(node: SimulatedNode, records: number): void
}

export interface NodeParts {
  readonly self: NodeId
  readonly clock: VirtualClock
  readonly links: SimulatedLinks
  readonly cables: SimulatedCables
  readonly ids: IdSource
  readonly random: Random
  readonly world: World
  readonly founding: readonly NewRecord[]
  readonly listener: NodeListener
  /** An instance begins or ends work, on all its machines. */
  readonly onWork: (instance: Instance, options: { readonly busy: boolean }) => void
  /** Of equal nodes none ticks at the same moment. */
  readonly offset: Timestamp
}

/**
 * One machine that runs the product: its part in deciding, its worker, its requests. What it knows is what its own
 * disk and its links tell it. The order of things is that of the product's `Master`.
 */
export class SimulatedNode implements Linked {
  readonly self: NodeId
  readonly log: SimulatedLog
  readonly machine: SimulatedMachine
  readonly worker: SimulatedWorker
  readonly cards: SimulatedCards
  readonly resubmitting: SimulatedResubmitting
  private readonly clock: NodeClock
  private readonly said: Said
  private readonly projection: SimulatedProjection
  private readonly sequencing: SimulatedSequencing
  private readonly commanding: SimulatedCommanding
  private readonly following: SimulatedFollowing
  private replication: SimulatedReplication
  private leading: SimulatedLeading | undefined
  private requests: SimulatedTasks
  private members: readonly NodeId[] = []
  private power: 'off' | 'on' | 'asleep' = 'off'
  /** It has said that it goes: it says nothing more of itself. */
  private isLeaving = false
  /** Counts its departures: one that was called off leads nowhere. */
  private departures = 0
  private woken = false
  private commands = 0

  constructor(private readonly parts: NodeParts) {
    const { self, links, cables, random, world, founding } = parts
    this.self = self
    const clock = (this.clock = new NodeClock(parts.clock))
    const said = (this.said = new Said(clock))
    const state = (): State => this.state()
    const observe = (event: Observation): void => this.observe(event)
    const send = (to: NodeId, packet: Packet): void => links.send(self, to, packet)
    const isLinked = (peer: NodeId): boolean => links.isUp(self, peer)
    const leads = (): Leadership => this.leadership
    this.log = new SimulatedLog(founding)
    this.projection = new SimulatedProjection(this.log.stateAt(), {
      event: (envelope, before) => this.heardEvent(envelope, before),
      reset: () => this.stateReplaced(),
    })
    this.replication = this.newReplication(0)
    const { projection } = this
    this.sequencing = new SimulatedSequencing({
      clock,
      ids: parts.ids,
      projection,
      replication: () => this.replication,
    })
    this.commanding = new SimulatedCommanding({ clock, sequencing: this.sequencing, leads, state, isLinked, send })
    this.following = new SimulatedFollowing({
      clock,
      projection,
      leads,
      isLinked,
      send,
      onState: () => this.resubmitting.begin(),
    })
    this.resubmitting = new SimulatedResubmitting({
      log: this.log,
      state,
      submit: (command, tell) => this.submit(command, tell),
      onSubmitted: (command, outcome) => parts.listener.submittedAgain(this, command, outcome),
    })
    this.cards = new SimulatedCards(world.models, {
      clock,
      onAsk: (modelId) => parts.listener.asked(this, modelId),
      onAnswer: (modelId, result) => parts.listener.answered(this, modelId, result),
      onResult: () => this.leading?.wake(),
    })
    this.machine = new SimulatedMachine({
      self,
      clock,
      cables,
      said,
      state,
      observe,
      reaches: (peer) => links.reaches(self, peer),
      reachedAt: (peer) => links.reachedAt(self, peer),
      peers: () => this.peers(),
    })
    const silent = (): ReadonlySet<NodeId> => new Set(this.peers().filter((peer) => this.isSilent(peer)))
    this.worker = new SimulatedWorker({
      ...{ self, clock, random, said, state, observe, silent },
      behaviour: world.runner,
    })
    this.requests = this.newRequests()
    links.add(self, this)
  }

  state(): State {
    return this.projection.state()
  }

  get leadership(): Leadership {
    return this.power === 'on' ? this.replication.leadership : { kind: 'nobody' }
  }

  isMaster(): boolean {
    return this.leading !== undefined && this.power === 'on'
  }

  isActive(): boolean {
    return this.power === 'on'
  }

  isRunning(): boolean {
    return this.power !== 'off'
  }

  isMember(peer: NodeId): boolean {
    return this.members.includes(peer)
  }

  /** What the master's next pass would see; only of a node that leads. */
  inputs(): ReconcileInputs | undefined {
    return this.leading?.inputs()
  }

  /** A pass now, if it leads; in any case what a worker and requests do. */
  pass(): void {
    this.leading?.pass()
    if (this.isActive()) this.look()
  }

  // What happens to the machine.

  start(): void {
    // One that was about to quit has quit by then.
    if (this.isLeaving && this.power === 'on') this.crash()
    if (this.power !== 'off') return
    this.power = 'on'
    this.isLeaving = false
    this.replication = this.newReplication(0)
    this.projection.replace(this.log.stateAt())
    this.members = this.membersOf()
    this.machine.begin()
    this.replication.begin(this.parts.offset)
    this.replication.take({ kind: 'tick' })
    this.parts.links.look()
    this.parts.links.begin(this.self)
    const look = (): void => {
      this.look()
      this.clock.after(LOOK_MS, look)
    }
    look()
  }

  /** Its process dies: what had not reached the disk is lost, its runners and requests end. */
  crash(): void {
    if (this.power === 'off') return
    this.power = 'off'
    this.departures += 1
    this.clock.end()
    this.resign()
    const records = this.log.crash()
    if (records > 0) this.parts.listener.lost(this, records)
    this.worker.end()
    this.resubmitting.end()
    this.commanding.end()
    this.cards.shelf.clear()
    this.requests = this.newRequests()
    this.woken = false
    this.parts.links.look()
  }

  /** It quits in order: others hear of it, and one of them leads if this one did. */
  quit(): void {
    this.leave('quit', () => this.crash())
  }

  sleep({ announced }: { readonly announced: boolean }): void {
    if (this.power !== 'on') return
    if (announced) this.leave('sleep', () => this.fallAsleep())
    else this.fallAsleep()
  }

  wake(): void {
    const isGoingToSleep = this.power === 'on' && this.isLeaving
    if (this.power !== 'asleep' && !isGoingToSleep) return
    this.power = 'on'
    this.isLeaving = false
    this.departures += 1
    this.machine.begin()
    this.parts.links.look()
    this.parts.links.begin(this.self)
    this.replication.take({ kind: 'wake' })
    this.clock.thaw()
  }

  // What people ask of it.

  submit(command: Command, tell: (outcome: Outcome) => void): void {
    const commandId = CommandId.parse(`${this.self}-${++this.commands}`)
    this.commanding.submit(command, commandId, tell)
  }

  startTask(...task: Parameters<SimulatedTasks['start']>): void {
    this.requests.start(...task)
  }

  completeTask(...task: Parameters<SimulatedTasks['complete']>): void {
    this.requests.complete(...task)
  }

  // What the links bring.

  connected(peer: NodeId): void {
    this.replication.take({ kind: 'connected', peer })
  }

  disconnected(peer: NodeId): void {
    this.commanding.linkLost(peer)
    this.following.linkLost(peer)
    this.replication.take({ kind: 'disconnected', peer })
  }

  refused(peer: NodeId): void {
    this.replication.take({ kind: 'refused', peer })
  }

  receive(from: NodeId, packet: Packet): void {
    if (!this.isActive() || !this.isMember(from)) return
    switch (packet.kind) {
      case 'consensus':
        return this.replication.receive(from, packet.message, packet.records)
      case 'observe':
        if (!this.isMaster()) return
        for (const event of packet.events) if (mayObserve(this.state(), from, event)) this.sequencing.add([event])
        return
      case 'submit':
        return this.commanding.submittedBy(from, packet)
      case 'result':
        return this.commanding.answered(packet)
      case 'watch':
        return this.following.watchedBy(from, packet)
      case 'watched':
        return this.following.told(packet)
      case 'unwatched':
        return this.following.refused(packet)
    }
  }

  private peers(): NodeId[] {
    return this.members.filter((peer) => peer !== this.self)
  }

  private isSilent(peer: NodeId): boolean {
    const at = this.parts.links.reachedAt(this.self, peer)
    return at !== undefined && this.clock.now() - at >= HANGING_MS
  }

  private observe(event: Observation): void {
    const { leadership } = this
    if (this.isLeaving && event.type !== 'NodeLeaving') return
    if (leadership.kind === 'self') this.sequencing.add([event])
    // Where nobody leads nothing is lost: whoever observes says it again when somebody does.
    else if (leadership.kind === 'other')
      this.parts.links.send(this.self, leadership.master, { kind: 'observe', events: [event] })
  }

  private leave(reason: string, then: () => void): void {
    if (this.power !== 'on' || this.isLeaving) return
    this.observe({ type: 'NodeLeaving', nodeId: this.self, reason })
    this.isLeaving = true
    const departure = ++this.departures
    this.clock.after(FAREWELL_MS, () => {
      if (this.departures !== departure) return
      this.replication.take({ kind: 'leave' })
      this.clock.after(FAREWELL_MS, () => {
        if (this.departures === departure) then()
      })
    })
  }

  private fallAsleep(): void {
    this.power = 'asleep'
    this.clock.freeze()
    this.parts.links.look()
  }

  private newReplication(term: number): SimulatedReplication {
    const { self, links } = this.parts
    return new SimulatedReplication(
      {
        self,
        clock: this.clock,
        log: this.log,
        members: () => this.membersOf(),
        send: (to, message, records) => links.send(self, to, { kind: 'consensus', message, records }),
        onLeadership: (leadership) => this.leadershipChanged(leadership),
        keep: (after) => this.resubmitting.keep(after),
        onSetAside: (after) => this.hasSetAside(after),
      },
      { term },
    )
  }

  private newRequests(): SimulatedTasks {
    return new SimulatedTasks({
      clock: this.clock,
      state: () => this.state(),
      observe: (event) => this.observe(event),
      onWork: (instance, options) => this.parts.onWork(instance, options),
    })
  }

  private leadershipChanged(leadership: Leadership): void {
    this.resign()
    this.parts.listener.leadership(this, leadership)
    if (leadership.kind === 'self') this.beginLeading(leadership.term)
    else if (leadership.kind === 'other') this.following.follow(leadership.master, leadership.term)
  }

  private beginLeading(term: number): void {
    const { self, listener, ids } = this.parts
    const { lastEventIndex, lastEventAt } = this.state()
    const durable = this.log.stateAt()
    this.sequencing.begin()
    this.projection.replace({
      ...durable,
      term,
      masterNodeId: self,
      lastEventIndex: Math.max(durable.lastEventIndex, lastEventIndex) + 1,
      lastEventAt: Math.max(durable.lastEventAt, lastEventAt),
    })
    this.leading = new SimulatedLeading({
      self,
      clock: this.clock,
      ids,
      cards: this.cards,
      state: () => this.state(),
      apply: (events: readonly Event[]) => this.sequencing.add(events),
      heard: () => this.heard(),
      unreachable: () => this.machine.unreachable(),
      onPassed: () => listener.passed(this),
    })
    this.look()
    this.resubmitting.begin()
  }

  /** When each linked member was last heard. */
  private heard(): Record<string, Timestamp> {
    const { links } = this.parts
    return Object.fromEntries(
      this.peers().flatMap((peer) => {
        const at = links.isUp(this.self, peer) ? links.reachedAt(this.self, peer) : undefined
        return at === undefined ? [] : [[peer, at]]
      }),
    )
  }

  private resign(): void {
    this.leading?.stop()
    this.leading = undefined
    this.following.stop()
  }

  private hasSetAside(after: number): void {
    this.parts.listener.setAside(this, after)
    const { leadership } = this
    // The winner's state may have come before the records were aside; else they are submitted when it comes.
    if (leadership.kind === 'other' && leadership.term === this.state().term) this.resubmitting.begin()
  }

  private heardEvent(envelope: Envelope, before: State): void {
    if (this.isMaster()) {
      this.parts.listener.event(this, envelope, before)
      this.following.tell(envelope)
    }
    this.leading?.wake()
    const { type } = envelope.event
    if (type === 'MemberAdmitted' || type === 'MemberRemoved') this.membersMayHaveChanged()
    this.commanding.look()
    this.lookSoon()
  }

  private stateReplaced(): void {
    this.said.clear()
    this.membersMayHaveChanged()
    this.commanding.look()
    if (this.power === 'on') this.requests.reportAll()
    this.lookSoon()
  }

  private membersOf(): NodeId[] {
    return [...new Set([this.self, ...Object.values(this.state().members).map(({ nodeId }) => nodeId)])]
  }

  private membersMayHaveChanged(): void {
    const wasMember = this.members.length > 1
    const { members } = this.state()
    const isMember = this.self in members
    this.members = this.membersOf()
    if (this.power !== 'on') return
    this.replication.take({ kind: 'members', members: this.members })
    this.parts.links.membersChanged()
    if (wasMember && !isMember && Object.keys(members).length > 0 && this.leadership.kind === 'other') {
      this.parts.listener.removed(this)
      this.clock.after(0, () => this.crash())
    }
  }

  /** Once, when what happens now is done. */
  private lookSoon(): void {
    if (this.woken) return
    this.woken = true
    this.clock.after(0, () => this.look())
  }

  private look(): void {
    this.woken = false
    if (!this.isActive() || this.isLeaving) return
    this.machine.say()
    this.worker.look()
    this.requests.followState()
  }
}
