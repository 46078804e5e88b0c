import type { Envelope } from '@core/events/event'
import type { ModelId, NodeId, Timestamp } from '@core/ids'
import type { CardResult } from '@core/reconcile/index'
import type { Happening } from '@core/simulation/happening'
import type { SimulationListener } from '@core/simulation/listener'
import type { State } from '@core/state/state'
import type { Leadership } from '../master/index'

/** A node as those who follow the simulation know it. */
export interface Teller {
  readonly self: NodeId
  state(): State
}

export interface NodeListenerParts {
  readonly listener: SimulationListener
  readonly now: () => Timestamp
  /** Something that must not be: a listener threw, or the product wrote it into its log. */
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

/** What the nodes tell of themselves. An error of whoever listens ends the simulation, not the code that told. */
export class NodeListener {
  constructor(private readonly parts: NodeListenerParts) {}

  /** It leads, and has folded this. */
  event(
    { self }: Teller,
    envelope: Envelope,
    { before, after }: { readonly before: State; readonly after: State },
  ): void {
    this.tell((listener, now) => listener.event?.(envelope, before, after, self, now))
  }

  leadership({ self }: Teller, leadership: Leadership): void {
    this.happened(changeOf(self, leadership))
  }

  passed(node: Teller): void {
    this.tell((listener, now) => listener.passed?.(now, node.state(), node.self))
  }

  happened(happening: Happening): void {
    this.tell((listener, now) => listener.happened?.(now, happening))
  }

  asked({ self }: Teller, modelId: ModelId): void {
    this.tell((listener, now) => listener.asked?.(now, modelId, self))
  }

  answered({ self }: Teller, modelId: ModelId, result: CardResult): void {
    this.tell((listener, now) => listener.answered?.(now, modelId, result, self))
  }

  failed(error: unknown): void {
    this.parts.onFailure(error)
  }

  private tell(say: (listener: SimulationListener, now: Timestamp) => void): void {
    try {
      say(this.parts.listener, this.parts.now())
    } catch (error) {
      this.failed(error)
    }
  }
}
