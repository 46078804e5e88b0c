import type { GenerationUpdate } from '@core/generation/stream'
import type { RunnerId } from '@core/ids'
import type { RunnerStatus } from '@core/state/runners'
import { traced } from '@core/tracing/traced'
import type { Span, SpanAttributes, Tracer } from '@core/tracing/tracer'

const MS = 1000

/**
 * Tracing spans of runners on this machine. On rank 0 each request has a span, with its prefill and decode as timed by
 * the runner. Ranks above 0 compute many requests at once: each epoch, from wake to rest, is a span of one of them.
 */
export class RequestTraces {
  /** Traceparents of the requests that each runner is computing. */
  private readonly computing = new Map<RunnerId, Set<string>>()
  private readonly epochs = new Map<RunnerId, Span>()
  /** The latest epoch of each runner. */
  private readonly latest = new Map<RunnerId, number>()

  constructor(private readonly tracer: Tracer) {}

  request(
    runnerId: RunnerId,
    { parent, attributes }: { readonly parent: string | undefined; readonly attributes: SpanAttributes },
    generate: () => AsyncIterable<GenerationUpdate>,
  ): AsyncIterable<GenerationUpdate> {
    return traced(this.tracer, { name: 'muster.runner', parent, attributes }, (context) =>
      context === undefined || !this.tracer.isOn ? generate() : this.timed(runnerId, context, generate()),
    )
  }

  /** The traceparent of one of this runner's requests. */
  contextOf(runnerId: RunnerId): string | undefined {
    return this.computing.get(runnerId)?.values().next().value
  }

  /** Called when rank 0 starts computing a batch that contains a request of that trace. May be repeated. */
  woken(runnerId: RunnerId, epoch: number, parent: string | undefined): void {
    if (!this.tracer.isOn || parent === undefined || epoch <= (this.latest.get(runnerId) ?? 0)) return
    this.latest.set(runnerId, epoch)
    this.epochs.get(runnerId)?.end()
    this.epochs.set(runnerId, this.tracer.start('muster.rank', { parent, attributes: { 'muster.epoch': epoch } }))
  }

  /** Called when the runner's status has changed: ends its epoch unless it is still running. */
  changed(runnerId: RunnerId, { status }: RunnerStatus): void {
    if (status === 'Running') return
    this.epochs.get(runnerId)?.end(status === 'Ready' ? {} : { failure: status })
    this.epochs.delete(runnerId)
    if (status !== 'Ready') this.latest.delete(runnerId)
  }

  private async *timed(
    runnerId: RunnerId,
    context: string,
    updates: AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    const contexts = this.computing.get(runnerId) ?? new Set()
    this.computing.set(runnerId, contexts.add(context))
    const began = Date.now()
    try {
      for await (const update of updates) {
        if (update.type === 'finished' && update.timings) {
          const first = began + update.timings.firstToken * MS
          this.tracer.start('muster.prompt', { parent: context, at: began }).end({ at: first })
          this.tracer.start('muster.decode', { parent: context, at: first }).end()
        }
        yield update
      }
    } finally {
      contexts.delete(context)
      if (contexts.size === 0) this.computing.delete(runnerId)
    }
  }
}
