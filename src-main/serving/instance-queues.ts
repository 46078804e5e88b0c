import { costOf, FairQueue } from '@core/generation/fair-queue'
import type { Envelope } from '@core/events/event'
import { LOCAL_KEY, type GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import {
  estimatedTokens,
  MAX_WAITING,
  MAX_WAITING_OF_KEY,
  meanServiceMs,
  retryAfterSeconds,
} from '@core/generation/waiting'
import type { InstanceId, TaskId } from '@core/ids'
import { isLive } from '@core/state/tasks'
import type { State } from '@core/state/state'
import { noTracer, type Tracer } from '@core/tracing/tracer'
import { QueuedRequest, type Turn } from './queued-request'

export interface InstanceQueuesOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Runs requests on this machine's runner of rank 0. */
  readonly runner: {
    generate(
      request: GenerationRequest,
      options: { instanceId: InstanceId; signal: AbortSignal; traceparent?: string | undefined },
    ): AsyncIterable<GenerationUpdate>
    /** Maximum batch size: how many requests the instance computes together. */
    batchSizeOf(instanceId: InstanceId): number
  }
  /** Isolates requests that were present when a runner died. */
  readonly suspects: {
    /** The suspicion against a request; undefined for a request that is no suspect. */
    of(request: GenerationRequest): unknown
    /**
     * Streams `run()`: suspects one at a time, a request that has ended too many runners not at all (a `failed`
     * update).
     */
    admit(
      request: GenerationRequest,
      signal: AbortSignal,
      run: () => AsyncIterable<GenerationUpdate>,
    ): AsyncIterable<GenerationUpdate>
  }
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /** Absent: no tracing. */
  readonly tracer?: Tracer
  readonly limits?: { readonly waiting: number; readonly waitingOfKey: number }
}

export interface QueuedOptions {
  readonly instanceId: InstanceId
  readonly signal: AbortSignal
  /** Id of the API key, for fair queueing. */
  readonly key?: string
  /** Parent of the request's spans. */
  readonly traceparent?: string | undefined
}

/** A queued request as its lane has it. Settling it removes it from the queue. */
interface Waiter {
  readonly place: (ahead: number) => void
  readonly settle: (turn: Turn) => void
}

/** The queue and counters of one instance on this machine. */
interface Lane {
  running: number
  readonly queue: FairQueue<Waiter>
  serviceMs: number | undefined
  /** Whether places have changed and the waiting requests have not been notified yet. */
  isStale: boolean
}

/**
 * Queues requests for every instance whose rank 0 runs on this machine. At most one batch of requests is in a runner at
 * a time; the others wait here in a bounded queue that is fair between API keys. Queueing happens on the machine of
 * rank 0 because requests taken by all nodes meet only there; a link carries the key along.
 *
 * Token counting needs no computation and bypasses the queue. A request leaves the queue at once when its client
 * disconnects, its task is cancelled or its instance ends.
 */
export class InstanceQueues {
  private readonly lanes = new Map<InstanceId, Lane>()
  private readonly waiting = new Map<TaskId, Waiter>()
  private readonly unsubscribe: () => void
  private held = false
  private onIdle: (() => void) | undefined

  constructor(private readonly options: InstanceQueuesOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        switch (event.type) {
          case 'TaskStatusUpdated':
            if (!isLive(event)) this.waiting.get(event.taskId)?.settle('cancelled')
            return
          case 'TaskFailed':
            this.waiting.get(event.taskId)?.settle('gone')
            return
          case 'InstanceDeleted':
          case 'InstanceRetrying':
            this.settleAll(event.instanceId)
            return
          default:
            return
        }
      },
      () => {
        for (const instanceId of this.lanes.keys())
          if (!(instanceId in options.source.state().instances)) this.settleAll(instanceId)
      },
    )
  }

  /** Running and waiting requests of all instances on this machine. */
  get live(): { readonly running: number; readonly waiting: number } {
    const lanes = [...this.lanes.values()]
    return {
      running: lanes.reduce((sum, { running }) => sum + running, 0),
      waiting: lanes.reduce((sum, { queue }) => sum + queue.size, 0),
    }
  }

  close(): void {
    this.unsubscribe()
  }

  /**
   * Stops admitting requests: new ones wait in their queue until `releaseWaiting`. Resolves when all running requests
   * have ended, or after `limitMs`.
   */
  async drain(limitMs: number): Promise<void> {
    this.held = true
    if (this.live.running === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.onIdle = resolve
      timer = setTimeout(resolve, limitMs)
    }).finally(() => clearTimeout(timer))
  }

  /**
   * Ends all waiting requests before they begin, because this node is shutting down: they can be retried on any
   * instance.
   */
  releaseWaiting(): void {
    for (const instanceId of this.lanes.keys()) this.settleAll(instanceId)
  }

  /**
   * Streams a request once it is admitted. Ends after one `finished` or `failed`: at once with `overloaded` when the
   * queue is full, or with `too_many_requests` when it is full for this key.
   */
  generate(request: GenerationRequest, options: QueuedOptions): AsyncIterable<GenerationUpdate> {
    const { runner, suspects } = this.options
    const { signal } = options
    const run = (): AsyncIterable<GenerationUpdate> => runner.generate(request, options)
    // Suspects run one at a time. They wait for that before they take a slot, so that others can run meanwhile.
    const alone = (): AsyncIterable<GenerationUpdate> =>
      suspects.admit(request, signal, () => this.inTurn(request, options, run))
    if (suspects.of(request) !== undefined) return alone()
    return this.inTurn(request, options, () => suspects.admit(request, signal, run), alone)
  }

  private async *inTurn(
    request: GenerationRequest,
    { instanceId, signal, key = LOCAL_KEY, traceparent }: QueuedOptions,
    run: () => AsyncIterable<GenerationUpdate>,
    /** Runs it instead of `run` if it has become a suspect while it waited. Absent: it is known to be one. */
    alone?: () => AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    const { suspects, now = () => performance.now(), tracer = noTracer } = this.options
    if (request.countOnly === true) return yield* run()
    const lane = this.lane(instanceId)
    if (lane.queue.size === 0 && this.hasRoom(instanceId, lane)) lane.running += 1
    else {
      const refusal = this.refusal(instanceId, lane, key)
      if (refusal) return yield refusal
      const wait = tracer.start('muster.queue', {
        parent: traceparent,
        attributes: { 'muster.waiting': lane.queue.size },
      })
      let turn: Turn = 'cancelled'
      try {
        turn = yield* this.turn(lane, { request, instanceId, key, signal })
      } finally {
        wait.end(turn === 'run' ? {} : { failure: turn })
      }
      if (turn !== 'run') {
        this.forgetIdle(instanceId, lane)
        return yield turn === 'gone' ? GONE : CANCELLED
      }
      if (alone && suspects.of(request) !== undefined) {
        // A copy of it has ended a runner meanwhile. It gives its slot back, for which the suspect before it may wait.
        this.release(instanceId, lane)
        return yield* alone()
      }
    }
    const began = now()
    try {
      for await (const update of run()) {
        if (update.type === 'finished' && update.reason !== 'cancelled')
          lane.serviceMs = meanServiceMs(lane.serviceMs, now() - began)
        yield update
      }
    } finally {
      this.release(instanceId, lane)
    }
  }

  /** Frees a slot of the batch. */
  private release(instanceId: InstanceId, lane: Lane): void {
    lane.running -= 1
    if (this.live.running === 0) this.onIdle?.()
    this.fill(instanceId, lane)
    this.notifyPlaces(lane)
    this.forgetIdle(instanceId, lane)
  }

  private lane(instanceId: InstanceId): Lane {
    const lane = this.lanes.get(instanceId) ?? {
      running: 0,
      queue: new FairQueue(),
      serviceMs: undefined,
      isStale: false,
    }
    this.lanes.set(instanceId, lane)
    return lane
  }

  private hasRoom(instanceId: InstanceId, { running }: Lane): boolean {
    return !this.held && running < this.options.runner.batchSizeOf(instanceId)
  }

  private refusal(instanceId: InstanceId, lane: Lane, key: string): GenerationUpdate | undefined {
    const { limits = { waiting: MAX_WAITING, waitingOfKey: MAX_WAITING_OF_KEY } } = this.options
    const { queue, serviceMs } = lane
    const ofKey = queue.sizeOf(key)
    const batchSize = this.options.runner.batchSizeOf(instanceId)
    if (queue.size >= limits.waiting) {
      const retryAfter = retryAfterSeconds({ serviceMs, waiting: queue.size, batchSize })
      const message = `${queue.size} requests are queued for this model already. Try again in ${retryAfter} s`
      return { type: 'failed', code: 'overloaded', message, retryAfter }
    }
    if (ofKey < limits.waitingOfKey) return undefined
    const retryAfter = retryAfterSeconds({ serviceMs, waiting: ofKey, batchSize })
    const whose = key === LOCAL_KEY ? 'requests without a key' : 'requests of this key'
    const message = `${ofKey} ${whose} are queued for this model already. Try again in ${retryAfter} s`
    return { type: 'failed', code: 'too_many_requests', message, retryAfter }
  }

  /** Waits for a slot of the batch and yields the request's place whenever that changes. Returns the outcome. */
  private async *turn(
    lane: Lane,
    { request, instanceId, key, signal }: { request: GenerationRequest } & Required<Omit<QueuedOptions, 'traceparent'>>,
  ): AsyncGenerator<GenerationUpdate, Turn> {
    if (signal.aborted) return 'cancelled'
    const { taskId } = request
    const queued = new QueuedRequest()
    const waiter: Waiter = {
      place: (ahead) => queued.place(ahead),
      settle: (turn) => {
        leave()
        queued.settle(turn)
        this.notifyPlaces(lane)
      },
    }
    const total = estimatedTokens(request)
    const leave = lane.queue.add(key, waiter, costOf(total))
    this.waiting.set(taskId, waiter)
    const abort = (): void => waiter.settle('cancelled')
    signal.addEventListener('abort', abort, { once: true })
    this.fill(instanceId, lane)
    this.notifyPlaces(lane)
    let outcome: Turn | undefined
    try {
      for (;;) {
        const news = await queued.next()
        if (typeof news !== 'number') return (outcome = news)
        yield { type: 'progress', processed: 0, total, ahead: news }
      }
    } finally {
      this.waiting.delete(taskId)
      signal.removeEventListener('abort', abort)
      // The consumer left between two updates: release the slot if one was granted meanwhile.
      if (outcome === undefined && queued.outcome === 'run') this.release(instanceId, lane)
      else if (outcome === undefined) waiter.settle('cancelled')
    }
  }

  /** Notifies all waiting requests of their places; several changes in a row cause one notification. */
  private notifyPlaces(lane: Lane): void {
    if (lane.isStale) return
    lane.isStale = true
    queueMicrotask(() => {
      lane.isStale = false
      for (const [ahead, waiter] of lane.queue.order().entries()) waiter.place(ahead)
    })
  }

  /** Admits waiting requests while the batch has free slots. */
  private fill(instanceId: InstanceId, lane: Lane): void {
    while (this.hasRoom(instanceId, lane)) {
      const waiter = lane.queue.next()
      if (!waiter) return
      // Counted here, because the request starts asynchronously.
      lane.running += 1
      waiter.settle('run')
    }
  }

  private settleAll(instanceId: InstanceId): void {
    for (const waiter of this.lanes.get(instanceId)?.queue.order() ?? []) waiter.settle('gone')
  }

  /** Drops the lane of an ended instance once it is empty. */
  private forgetIdle(instanceId: InstanceId, { running, queue }: Lane): void {
    const ended = !(instanceId in this.options.source.state().instances)
    if (ended && running === 0 && queue.size === 0) this.lanes.delete(instanceId)
  }
}

const CANCELLED: GenerationUpdate = {
  type: 'finished',
  reason: 'cancelled',
  usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
}

/** Nothing was begun, so the request can be retried on another instance. */
const GONE: GenerationUpdate = {
  type: 'failed',
  code: 'model_unavailable',
  message: 'The instance ended while the request waited for it',
}
