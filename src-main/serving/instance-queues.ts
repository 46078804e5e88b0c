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

export interface InstanceQueuesOptions {
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  /** Runs requests on this machine's runner of rank 0. */
  readonly runner: {
    generate(
      request: GenerationRequest,
      options: { instanceId: InstanceId; signal: AbortSignal; traceparent?: string | undefined },
    ): AsyncIterable<GenerationUpdate>
    /** Requests that the instance computes together. */
    batchSizeOf(instanceId: InstanceId): number
  }
  /** Keeps requests that end runners from them. */
  readonly suspects: {
    /** What is known of a request that is a suspect. */
    of(request: GenerationRequest): unknown
    /** Streams `run()`, in its turn or not at all where the request has ended runners before. */
    admit(
      request: GenerationRequest,
      signal: AbortSignal,
      run: () => AsyncIterable<GenerationUpdate>,
    ): AsyncIterable<GenerationUpdate>
  }
  /** Milliseconds that never go backwards. */
  readonly now?: () => number
  /** Without it no traces are kept. */
  readonly tracer?: Tracer
  readonly limits?: { readonly waiting: number; readonly waitingOfKey: number }
}

export interface QueuedOptions {
  readonly instanceId: InstanceId
  readonly signal: AbortSignal
  /** Whose request it is. */
  readonly key?: string
  /** What its spans are a part of. */
  readonly traceparent?: string | undefined
}

/** What a waiting request hears: its turn has come, or it is over without one. */
type Turn = 'run' | 'cancelled' | 'gone'

/** Tells a waiting request what becomes of it, and takes it out of its queue. */
type Settle = (turn: Turn) => void

/** One instance's requests on this machine. */
interface Lane {
  running: number
  readonly queue: FairQueue<Settle>
  serviceMs: number | undefined
}

/**
 * The queue of each instance of which this machine has rank 0. A runner gets no more requests than it computes
 * together; the others wait here, bounded, and are taken fairly between keys, whichever nodes took them. Requests wait
 * on the machine of rank 0 because only there those of all nodes meet; a link carries the key along.
 *
 * Counting tokens computes nothing, so it waits for nothing. A request leaves the queue at once when its client goes,
 * its task is cancelled or its instance ends.
 */
export class InstanceQueues {
  private readonly lanes = new Map<InstanceId, Lane>()
  private readonly waiting = new Map<TaskId, Settle>()
  private readonly unsubscribe: () => void
  private held = false
  private onIdle: (() => void) | undefined

  constructor(private readonly options: InstanceQueuesOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        switch (event.type) {
          case 'TaskStatusUpdated':
            if (!isLive(event)) this.waiting.get(event.taskId)?.('cancelled')
            return
          case 'TaskFailed':
            this.waiting.get(event.taskId)?.('gone')
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

  /** Requests that run or wait, of all instances here. */
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
   * Lets no more requests run: what comes waits in its queue, until `releaseWaiting`. Resolves when those that run have
   * ended, or after `limitMs`.
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

  /** This node goes: whoever waits here is told that nothing was done, and can bring the request elsewhere or here again. */
  releaseWaiting(): void {
    for (const instanceId of this.lanes.keys()) this.settleAll(instanceId)
  }

  /**
   * Streams a request in its turn. Ends after one `finished` or `failed`: `overloaded` or `too_many_requests` at once
   * where too many wait, of all keys or of this one.
   */
  generate(request: GenerationRequest, options: QueuedOptions): AsyncIterable<GenerationUpdate> {
    const { runner, suspects } = this.options
    const { signal } = options
    const run = (): AsyncIterable<GenerationUpdate> => runner.generate(request, options)
    // Suspects run one at a time: they wait for that without a place, for others to run beside them.
    if (suspects.of(request) !== undefined)
      return suspects.admit(request, signal, () => this.inTurn(request, options, run))
    // With a place it is looked at again: a copy of it may have ended a runner while it waited.
    return this.inTurn(request, options, () => suspects.admit(request, signal, run))
  }

  private async *inTurn(
    request: GenerationRequest,
    { instanceId, signal, key = LOCAL_KEY, traceparent }: QueuedOptions,
    run: () => AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    const { now = () => performance.now(), tracer = noTracer } = this.options
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
      const turn = await this.turn(lane, { request, instanceId, key, signal })
      wait.end(turn === 'run' ? {} : { failure: turn })
      if (turn !== 'run') {
        this.forgetIdle(instanceId, lane)
        return yield turn === 'gone' ? GONE : CANCELLED
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
      lane.running -= 1
      if (this.live.running === 0) this.onIdle?.()
      this.fill(instanceId, lane)
      this.forgetIdle(instanceId, lane)
    }
  }

  private lane(instanceId: InstanceId): Lane {
    const lane = this.lanes.get(instanceId) ?? { running: 0, queue: new FairQueue(), serviceMs: undefined }
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
      const message = `${queue.size} requests wait for this model already. Try again in ${retryAfter} s`
      return { type: 'failed', code: 'overloaded', message, retryAfter }
    }
    if (ofKey < limits.waitingOfKey) return undefined
    const retryAfter = retryAfterSeconds({ serviceMs, waiting: ofKey, batchSize })
    const whose = key === LOCAL_KEY ? 'requests without a key' : 'requests of this key'
    const message = `${ofKey} ${whose} wait for this model already. Try again in ${retryAfter} s`
    return { type: 'failed', code: 'too_many_requests', message, retryAfter }
  }

  private async turn(
    lane: Lane,
    { request, instanceId, key, signal }: { request: GenerationRequest } & Required<Omit<QueuedOptions, 'traceparent'>>,
  ): Promise<Turn> {
    if (signal.aborted) return 'cancelled'
    const { taskId } = request
    let resolve: (turn: Turn) => void = () => undefined
    const turn = new Promise<Turn>((resolved) => {
      resolve = resolved
    })
    const settle: Settle = (outcome) => {
      leave()
      resolve(outcome)
    }
    const leave = lane.queue.add(key, settle, costOf(estimatedTokens(request)))
    this.waiting.set(taskId, settle)
    const abort = (): void => settle('cancelled')
    signal.addEventListener('abort', abort, { once: true })
    this.fill(instanceId, lane)
    try {
      return await turn
    } finally {
      this.waiting.delete(taskId)
      signal.removeEventListener('abort', abort)
    }
  }

  /** Places are free: whoever's turn it is runs. */
  private fill(instanceId: InstanceId, lane: Lane): void {
    while (this.hasRoom(instanceId, lane)) {
      const run = lane.queue.next()
      if (!run) return
      // Counted now, for it begins a little later.
      lane.running += 1
      run('run')
    }
  }

  private settleAll(instanceId: InstanceId): void {
    for (const settle of this.lanes.get(instanceId)?.queue.items() ?? []) settle('gone')
  }

  /** An instance that has ended leaves nothing behind. */
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

/** Nothing was done: it can be brought to another instance. */
const GONE: GenerationUpdate = {
  type: 'failed',
  code: 'model_unavailable',
  message: 'The instance ended while the request waited for it',
}
