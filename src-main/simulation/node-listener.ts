import type { Envelope } from '@core/events/event'
import type { ModelId, NodeId, Timestamp } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import type { Happening } from '@core/simulation/happening'
import type { SimulationListener } from '@core/simulation/listener'
import type { State } from '@core/state/state'
import type { Leadership } from '../master/index'

/** A node as listeners of the simulation see it. */
export interface ObservedNode {
  readonly self: NodeId
  state(): State
}

export interface NodeListenerParts {
  readonly listener: SimulationListener
  readonly now: () => Timestamp
  /** Called when a listener threw, or the product logged an internal error. */
  readonly onFailure: (error: unknown) => void
}

const changeOf = (node: NodeId, leadership: Leadership): Happening => {
  switch (leadership.kind) {
    case 'self':
      return { kind: 'leads', node, term: leadership.term }
    case 'nobody':
      return { kind: 'seeks', node }
    case 'other': {
      const { master, term, listensOnly } = leadership
      return { kind: listensOnly ? 'listens' : 'follows', node, master, term }
    }
  }
}

/** Forwards what happens at nodes to the listener. An error in the listener fails the simulation, not the node. */
export class NodeListener {
  constructor(private readonly parts: NodeListenerParts) {}

  /** The leader has folded an event. */
  event(
    { self }: ObservedNode,
    envelope: Envelope,
    { before, after }: { readonly before: State; readonly after: State },
  ): void {
    this.notify((listener, now) => listener.event?.(envelope, before, after, self, now))
  }

  leadership({ self }: ObservedNode, leadership: Leadership): void {
    this.happened(changeOf(self, leadership))
  }

  passed(node: ObservedNode): void {
    this.notify((listener, now) => listener.passed?.(now, node.state(), node.self))
  }

  happened(happening: Happening): void {
    this.notify((listener, now) => listener.happened?.(now, happening))
  }

  asked({ self }: ObservedNode, modelId: ModelId): void {
    this.notify((listener, now) => listener.asked?.(now, modelId, self))
  }

  answered({ self }: ObservedNode, modelId: ModelId, result: CardResult): void {
    this.notify((listener, now) => listener.answered?.(now, modelId, result, self))
  }

  failed(error: unknown): void {
    this.parts.onFailure(error)
  }

  private notify(call: (listener: SimulationListener, now: Timestamp) => void): void {
    try {
      call(this.parts.listener, this.parts.now())
    } catch (error) {
      this.failed(error)
    }
  }
}
