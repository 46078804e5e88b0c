import { isDecision, type Envelope } from '@core/events/event'
import type { MetaInstanceId } from '@core/ids'
import { instancesOf, isReady } from '@core/state/bindings'
import type { State } from '@core/state/state'
import type { Counted } from './instruments'

/** Counts cluster events, and how long declarations are down. */
export class Recoveries {
  /** Declarations that were ready and have failed, with the time of failure in monotonic milliseconds. */
  private readonly down = new Map<MetaInstanceId, number>()
  private readonly served = new Set<MetaInstanceId>()
  private term: number

  constructor(
    private readonly state: () => State,
    private readonly counted: Counted,
  ) {
    this.term = state().term
    this.checkReady()
  }

  /** Called when the state was replaced: events in between are unknown. */
  replaced(): void {
    this.updateTerm(this.state().term)
    this.checkReady()
  }

  happened({ event, term }: Envelope): void {
    const { counted } = this
    if (isDecision(event)) counted.decisions.inc({ type: event.type })
    this.updateTerm(term)
    switch (event.type) {
      case 'InstanceCreated':
        counted.placements.inc()
        break
      case 'MetaInstancePlacementFailed':
        counted.placementFailures.inc({ code: event.code })
        break
      case 'InstanceRetrying':
        counted.retries.inc()
        this.markDown(event.metaInstanceId)
        break
      case 'InstanceDeleted':
        if (event.failureError !== undefined) counted.replacements.inc({ cause: event.cause ?? 'unknown' })
        for (const id of this.served) {
          if (this.serves(id)) continue
          if (event.failureError === undefined) this.served.delete(id)
          else this.markDown(id)
        }
        break
      case 'MetaInstanceUpdated':
      case 'MetaInstanceDeleted':
        // Changes made by people are not failures.
        this.down.delete(event.metaInstanceId)
        this.served.delete(event.metaInstanceId)
        break
      case 'RunnerStatusUpdated':
        this.checkReady()
        break
      default:
    }
  }

  private updateTerm(term: number): void {
    if (term > this.term) this.counted.elections.inc(term - this.term)
    this.term = Math.max(term, this.term)
  }

  private serves(id: MetaInstanceId): boolean {
    const state = this.state()
    return instancesOf(state, id).some((instance) => isReady(state, instance))
  }

  private markDown(id: MetaInstanceId): void {
    if (!this.served.delete(id)) return
    this.down.set(id, performance.now())
  }

  private checkReady(): void {
    const state = this.state()
    for (const instance of Object.values(state.instances)) {
      const { metaInstanceId: id } = instance
      if (id === undefined || this.served.has(id) || !isReady(state, instance)) continue
      this.served.add(id)
      const since = this.down.get(id)
      if (since === undefined) continue
      this.down.delete(id)
      this.counted.recoverySeconds.observe((performance.now() - since) / 1000)
    }
  }
}
