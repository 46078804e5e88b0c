import type { Command } from '../../commands/command'
import type { Envelope, Event, Observation } from '../../events/event'
import { CommandId, type NodeId, type Timestamp } from '../../ids'
import type { IdSource, ReconcileInputs } from '../../reconcile/process-manager'
import { mayObserve } from '../../state/observer'
import type { State } from '../../state/state'
import { SimulatedCards } from '../cards'
import type { World } from '../simulation'
import { SimulatedCommanding } from './commanding'
import { SimulatedFollowing } from './following'
import { SimulatedLeading } from './leading'
import type { SimulatedLinks } from './links'
import { SimulatedLog, type NewRecord } from './log'
import { SimulatedMerging } from './merging'
import type { NodeClock } from './node-clock'
import type { NodeListener, Teller } from './node-listener'
import type { Outcome } from './outcome'
import type { Packet } from './packet'
import { SimulatedProjection } from './projection'
import { SimulatedReplication, type Leadership } from './replication'
import { SimulatedSequencing } from './sequencing'

export interface DecidingParts {
  readonly self: NodeId
  readonly clock: NodeClock
  readonly links: SimulatedLinks
  readonly ids: IdSource
  readonly world: World
  readonly founding: readonly NewRecord[]
  readonly listener: NodeListener
  /** Of equal nodes none ticks at the same moment. */
  readonly offset: Timestamp
  /** It runs, and is not asleep. */
  readonly isOn: () => boolean
  readonly unreachable: () => readonly NodeId[]
  readonly onEvent: () => void
  readonly onReset: () => void
  /** It is no member any more. */
  readonly onRemoved: () => void
}

/** A node's part in deciding: it leads, or follows who does. The order of things is that of the product's `Master`. */
export class SimulatedDeciding implements Teller {
  readonly self: NodeId
  readonly log: SimulatedLog
  readonly cards: SimulatedCards
  readonly merging: SimulatedMerging
  private readonly projection: SimulatedProjection
  private readonly sequencing: SimulatedSequencing
  private readonly commanding: SimulatedCommanding
  private readonly following: SimulatedFollowing
  private replication: SimulatedReplication
  private leading: SimulatedLeading | undefined
  private members: readonly NodeId[] = []
  private commands = 0

  constructor(private readonly parts: DecidingParts) {
    const { self, clock, links, ids, world, founding, listener } = parts
    this.self = self
    const state = (): State => this.state()
    const send = (to: NodeId, packet: Packet): void => links.send(self, to, packet)
    const isLinked = (peer: NodeId): boolean => links.isUp(self, peer)
    const leads = (): Leadership => this.leadership
    const log = (this.log = new SimulatedLog(founding))
    const projection = (this.projection = new SimulatedProjection(log.stateAt(), {
      event: (envelope, before) => this.heardEvent(envelope, before),
      reset: () => this.stateReplaced(),
    }))
    this.replication = this.newReplication()
    const sequencing = (this.sequencing = new SimulatedSequencing({
      ...{ clock, ids, projection },
      replication: () => this.replication,
      isDecided: (commandId) => log.hasDecided(commandId),
    }))
    this.commanding = new SimulatedCommanding({ clock, sequencing, leads, state, isLinked, send })
    const onState = (): void => this.merging.begin()
    this.following = new SimulatedFollowing({ clock, projection, leads, isLinked, send, onState })
    this.merging = new SimulatedMerging({
      ...{ log, clock },
      submit: (command, tell) => this.submit(command, tell),
      onMerged: (outcome) => listener.merged(this, outcome),
    })
    this.cards = new SimulatedCards(world.models, {
      clock,
      onAsk: (modelId) => listener.asked(this, modelId),
      onAnswer: (modelId, result) => listener.answered(this, modelId, result),
      onResult: () => this.leading?.wake(),
    })
  }

  state(): State {
    return this.projection.state()
  }

  get leadership(): Leadership {
    return this.parts.isOn() ? this.replication.leadership : { kind: 'nobody' }
  }

  isMaster(): boolean {
    return this.leading !== undefined && this.parts.isOn()
  }

  isMember(peer: NodeId): boolean {
    return this.members.includes(peer)
  }

  peers(): NodeId[] {
    return this.members.filter((peer) => peer !== this.self)
  }

  /** What the master's next pass would see; only of a node that leads. */
  inputs(): ReconcileInputs | undefined {
    return this.leading?.inputs()
  }

  /** A pass now, if it leads. */
  pass(): void {
    this.leading?.pass()
  }

  /** The process begins, with what its disk has. */
  begin(): void {
    this.replication = this.newReplication()
    this.projection.replace(this.log.stateAt())
    this.members = this.membersOf()
    this.replication.begin(this.parts.offset)
    this.replication.take({ kind: 'tick' })
  }

  /** The process ends at once: what had not reached the disk is lost. */
  end(): void {
    this.resign()
    const records = this.log.crash()
    if (records > 0) this.parts.listener.lost(this, records)
    this.merging.end()
    this.commanding.end()
    this.cards.shelf.clear()
  }

  leave(): void {
    this.replication.take({ kind: 'leave' })
  }

  wake(): void {
    this.replication.take({ kind: 'wake' })
  }

  submit(command: Command, tell: (outcome: Outcome, commandId: CommandId) => void): void {
    const commandId = CommandId.parse(`${this.self}-${++this.commands}`)
    this.commanding.submit(command, commandId, (outcome) => tell(outcome, commandId))
  }

  observe(event: Observation): void {
    const { leadership } = this
    if (leadership.kind === 'self') this.sequencing.add([event])
    // Where nobody leads nothing is lost: whoever observes says it again when somebody does.
    else if (leadership.kind === 'other')
      this.parts.links.send(this.self, leadership.master, { kind: 'observe', events: [event] })
  }

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

  private newReplication(): SimulatedReplication {
    const { self, clock, links } = this.parts
    return new SimulatedReplication({
      ...{ self, clock, log: this.log },
      members: () => this.membersOf(),
      send: (to, message, records) => links.send(self, to, { kind: 'consensus', message, records }),
      onLeadership: (leadership) => this.leadershipChanged(leadership),
      keep: (after) => this.merging.keep(after),
      onSetAside: (after) => this.hasSetAside(after),
    })
  }

  private leadershipChanged(leadership: Leadership): void {
    this.resign()
    this.parts.listener.leadership(this, leadership)
    if (leadership.kind === 'self') this.beginLeading(leadership.term)
    else if (leadership.kind === 'other') this.following.follow(leadership.master, leadership.term)
  }

  private beginLeading(term: number): void {
    const { self, clock, listener, ids, unreachable } = this.parts
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
      ...{ self, clock, ids, cards: this.cards, unreachable },
      state: () => this.state(),
      apply: (events: readonly Event[]) => this.sequencing.add(events),
      heard: () => this.heard(),
      onPassed: () => listener.passed(this),
    })
    this.parts.onEvent()
    this.merging.begin()
  }

  /** When each linked member was last heard. */
  private heard(): Record<string, Timestamp> {
    const { links } = this.parts
    return Object.fromEntries(
      this.peers().flatMap((peer) => {
        const at = links.isUp(this.self, peer) ? links.heardAt(this.self, peer) : undefined
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
    // The winner's state may have come before the records were aside; else they are merged when it comes.
    if (leadership.kind === 'other' && leadership.term === this.state().term) this.merging.begin()
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
    this.parts.onEvent()
  }

  private stateReplaced(): void {
    this.membersMayHaveChanged()
    this.commanding.look()
    this.parts.onReset()
  }

  private membersOf(): NodeId[] {
    return [...new Set([this.self, ...Object.values(this.state().members).map(({ nodeId }) => nodeId)])]
  }

  private membersMayHaveChanged(): void {
    const wasMember = this.members.length > 1
    const { members } = this.state()
    const isMember = this.self in members
    this.members = this.membersOf()
    if (!this.parts.isOn()) return
    this.replication.take({ kind: 'members', members: this.members })
    this.parts.links.membersChanged()
    if (wasMember && !isMember && Object.keys(members).length > 0 && this.leadership.kind === 'other') {
      this.parts.listener.removed(this)
      this.parts.onRemoved()
    }
  }
}
