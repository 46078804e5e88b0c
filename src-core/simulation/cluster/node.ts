import type { Command } from '../../commands/command'
import type { Observation } from '../../events/event'
import type { CommandId, NodeId, Timestamp } from '../../ids'
import type { IdSource } from '../../reconcile/process-manager'
import type { Instance } from '../../state/instances'
import type { State } from '../../state/state'
import type { SimulatedCables } from '../cables'
import type { VirtualClock } from '../clock'
import type { Random } from '../random'
import type { World } from '../simulation'
import { SimulatedTasks } from '../tasks'
import { SimulatedDeciding } from './deciding'
import type { Linked, SimulatedLinks } from './links'
import type { NewRecord } from './log'
import { SimulatedMachine } from './machine'
import { NodeClock } from './node-clock'
import type { NodeListener, Teller } from './node-listener'
import type { Outcome } from './outcome'
import type { Packet } from './packet'
import { Said } from './said'
import { SimulatedWorker } from './worker'

/** Last words are given this long to be on their way. */
const FAREWELL_MS = 30
/** Whoever observes something looks this often whether the state knows it. */
const LOOK_MS = 1000
/** A machine that was not heard for so long may hang. */
const HANGING_MS = 5000

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
 * disk and its links tell it.
 */
export class SimulatedNode implements Linked, Teller {
  readonly self: NodeId
  readonly deciding: SimulatedDeciding
  readonly machine: SimulatedMachine
  readonly worker: SimulatedWorker
  private readonly clock: NodeClock
  private readonly said: Said
  private requests: SimulatedTasks
  private power: 'off' | 'on' | 'asleep' = 'off'
  /** It has said that it goes: it says nothing more of itself. */
  private isLeaving = false
  /** Counts its departures: one that was called off leads nowhere. */
  private departures = 0
  private woken = false

  constructor(private readonly parts: NodeParts) {
    const { self, links, cables, ids, random, world, founding, listener, offset } = parts
    this.self = self
    const clock = (this.clock = new NodeClock(parts.clock))
    const said = (this.said = new Said(clock))
    const state = (): State => this.state()
    const observe = (event: Observation): void => this.observe(event)
    this.deciding = new SimulatedDeciding({
      ...{ self, clock, links, ids, world, founding, listener, offset },
      isOn: () => this.isActive(),
      unreachable: () => this.machine.unreachable(),
      onEvent: () => this.lookSoon(),
      onReset: () => this.stateReplaced(),
      onRemoved: () => clock.after(0, () => this.crash()),
    })
    this.machine = new SimulatedMachine({
      ...{ self, clock, cables, said, state, observe },
      reaches: (peer) => links.reaches(self, peer),
      reachedAt: (peer) => links.reachedAt(self, peer),
      peers: () => this.deciding.peers(),
    })
    const silent = (): ReadonlySet<NodeId> => new Set(this.deciding.peers().filter((peer) => this.isSilent(peer)))
    this.worker = new SimulatedWorker({
      ...{ self, clock, random, said, state, observe, silent },
      behaviour: world.runner,
    })
    this.requests = this.newRequests()
    links.add(self, this)
  }

  state(): State {
    return this.deciding.state()
  }

  isActive(): boolean {
    return this.power === 'on'
  }

  isRunning(): boolean {
    return this.power !== 'off'
  }

  isMember(peer: NodeId): boolean {
    return this.deciding.isMember(peer)
  }

  /** A pass now, if it leads; in any case what a worker and requests do. */
  pass(): void {
    this.deciding.pass()
    if (this.isActive()) this.look()
  }

  // What happens to the machine.

  start(): void {
    // One that was about to quit has quit by then.
    if (this.isLeaving && this.power === 'on') this.crash()
    if (this.power !== 'off') return
    this.power = 'on'
    this.isLeaving = false
    this.machine.begin()
    this.deciding.begin()
    this.parts.links.look()
    this.parts.links.begin(this.self)
    const look = (): void => {
      this.look()
      this.clock.after(LOOK_MS, look)
    }
    look()
  }

  /** Its process dies, with its runners and requests. */
  crash(): void {
    if (this.power === 'off') return
    this.power = 'off'
    this.departures += 1
    this.clock.end()
    this.deciding.end()
    this.worker.end()
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
    this.deciding.wake()
    this.clock.thaw()
  }

  // What people ask of it.

  submit(command: Command, tell: (outcome: Outcome, commandId: CommandId) => void): void {
    this.deciding.submit(command, tell)
  }

  startTask(...task: Parameters<SimulatedTasks['start']>): void {
    this.requests.start(...task)
  }

  completeTask(...task: Parameters<SimulatedTasks['complete']>): void {
    this.requests.complete(...task)
  }

  // What the links bring.

  connected(peer: NodeId): void {
    this.deciding.connected(peer)
  }

  disconnected(peer: NodeId): void {
    this.deciding.disconnected(peer)
  }

  refused(peer: NodeId): void {
    this.deciding.refused(peer)
  }

  receive(from: NodeId, packet: Packet): void {
    if (this.isActive() && this.isMember(from)) this.deciding.receive(from, packet)
  }

  private isSilent(peer: NodeId): boolean {
    const at = this.parts.links.reachedAt(this.self, peer)
    return at !== undefined && this.clock.now() - at >= HANGING_MS
  }

  private observe(event: Observation): void {
    if (!this.isLeaving) this.deciding.observe(event)
  }

  private leave(reason: string, then: () => void): void {
    if (this.power !== 'on' || this.isLeaving) return
    this.isLeaving = true
    this.deciding.observe({ type: 'NodeLeaving', nodeId: this.self, reason })
    const departure = ++this.departures
    this.clock.after(FAREWELL_MS, () => {
      if (this.departures !== departure) return
      this.deciding.leave()
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

  private newRequests(): SimulatedTasks {
    return new SimulatedTasks({
      clock: this.clock,
      takenBy: this.self,
      state: () => this.state(),
      observe: (event) => this.observe(event),
      onWork: (instance, options) => this.parts.onWork(instance, options),
    })
  }

  private stateReplaced(): void {
    this.said.clear()
    if (this.isActive()) this.requests.reportAll()
    this.lookSoon()
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
