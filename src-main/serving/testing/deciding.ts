import type { Envelope, Event, Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import { next } from '@core/events/next'
import type { State } from '@core/state/state'
import type { Task } from '@core/state/tasks'
import { readyWorld } from '@core/testing/world'

interface Listener {
  readonly event: (envelope: Envelope) => void
  readonly reset: () => void
}

/** Fake of this node's master: folds observations into a state, can drop them (`isAway`), and can replace the state. */
export class Deciding {
  private readonly listeners = new Set<Listener>()
  readonly world
  readonly id
  readonly nodeId: NodeId
  /** Whether observations are dropped, as while no leader is reachable. */
  isAway = false

  constructor() {
    const { world, id } = readyWorld()
    this.world = world
    this.id = id
    this.nodeId = world.addNode('laptop')
  }

  state(): State {
    return this.world.state
  }

  subscribe(event: Listener['event'], reset: Listener['reset'] = () => undefined): () => void {
    const listener = { event, reset }
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  observe(event: Observation): void {
    if (!this.isAway) this.take(event)
  }

  take(event: Event): void {
    const envelope = next(this.world.state, event, this.world.now)
    this.world.apply(event)
    for (const listener of this.listeners) listener.event(envelope)
  }

  /** Replaces the state, as when a node begins to follow another leader. */
  replace(state: State): void {
    this.world.state = state
    this.isAway = false
    for (const { reset } of this.listeners) reset()
  }

  /** Fails the runner and makes another one ready in its place. */
  replaceRunner(): void {
    this.world.fail(this.id).wait(600_000).reconcile()
    this.world.reconcile()
    this.world.report(this.id, { status: 'Ready' })
  }

  tasks(): Task[] {
    return Object.values(this.world.state.tasks)
  }
}
