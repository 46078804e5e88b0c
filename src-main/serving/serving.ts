import { randomUUID } from 'node:crypto'
import type { Envelope, Observation } from '@core/events/event'
import { LOCAL_KEY, type ClientRequest, type GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { TaskId, type InstanceId, type NodeId } from '@core/ids'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import { later, monotonic, type Monotonic } from '@core/time/clocks'
import { traced } from '@core/tracing/traced'
import { noTracer, type Tracer } from '@core/tracing/tracer'
import { failed, notServed, RESTARTING, type Failed } from './refusals'
import { RequestRouter, type Routing } from './request-router'
import { RestartGate } from './restart-gate'
import { TakenTasks } from './taken-tasks'

/** How long a request waits for a model that is being placed, loaded or retried. */
const WAIT_FOR_MODEL_MS = 30_000
/**
 * Attempts per request: one retry if its instance dies before the first token. Only the node that took the request from
 * the client retries, never the node it was forwarded to, so the limit holds cluster-wide.
 */
const ATTEMPTS = 2
export interface ServingOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
  readonly rankZero: {
    generate(
      request: GenerationRequest,
      options: { instanceId: InstanceId; signal: AbortSignal; key: string; traceparent?: string | undefined },
    ): AsyncIterable<GenerationUpdate>
  }
  readonly waitForModelMs?: number
  /** Absent: no tracing. */
  readonly tracer?: Tracer
}

/** The caller of a request: its cancellation, key and trace. */
export interface CallerContext {
  /** Aborts when the client no longer wants the answer. */
  readonly signal: AbortSignal
  /** The id of the API key, for the fair queue; absent for requests without one. */
  readonly key?: string | undefined
  /** Parent of the request's spans. */
  readonly traceparent?: string | undefined
}

interface AttemptOptions extends CallerContext {
  /** Absent: the instance was chosen by the caller. */
  readonly routing?: Routing
  /** Whether the request may be sent elsewhere if the runner dies before the first token. */
  readonly mayRepeat: boolean
}

/** Outcome of one attempt on one instance. Unless it is `over`, nothing has been sent to the client. */
type Outcome =
  | { readonly kind: 'over' }
  /** The runner died while it had the request. */
  | { readonly kind: 'died' }
  /** The instance was gone before it received the request. */
  | { readonly kind: 'missed' }
  /** The instance's queue is full. */
  | { readonly kind: 'full'; readonly refusal: Failed }

/** The last update of a request. */
type End = Extract<GenerationUpdate, { type: 'finished' | 'failed' }>

const readClock = (): Monotonic => monotonic(performance.now())

/**
 * Brings requests to instances: sends each where the router says, retries once, and reports the task's outcome to the
 * state.
 */
export class Serving {
  /** Reports tasks to the state through the master. */
  private readonly tasks: TakenTasks
  private readonly router: RequestRouter
  private readonly restart = new RestartGate()

  constructor(private readonly options: ServingOptions) {
    this.tasks = new TakenTasks(options)
    const { underWay } = this.tasks
    this.router = new RequestRouter({ source: options.source, underWay, refused: this.restart.refused })
  }

  close(): void {
    this.router.close()
    this.tasks.close()
  }

  /**
   * Before a restart: no new attempt begins. Resolves when the attempts that this node forwarded to other machines have
   * ended, or after `limitMs`.
   */
  drain(limitMs: number): Promise<void> {
    return this.restart.drain(limitMs)
  }

  /**
   * Refuses, with a `Retry-After`, requests that have not begun because this node restarts. Resolves when all requests
   * have ended, or after `limitMs`.
   */
  refuseForRestart(limitMs: number): Promise<void> {
    return this.restart.refuse(limitMs)
  }

  /**
   * Streams one request. Ends after exactly one `finished` or `failed` and is never empty. Aborting cancels it in the
   * runner too.
   */
  async *generate(request: ClientRequest, caller: CallerContext): AsyncGenerator<GenerationUpdate> {
    const ended = this.restart.request()
    try {
      yield* this.dispatch(request, caller)
    } finally {
      ended()
    }
  }

  private async *dispatch(request: ClientRequest, caller: CallerContext): AsyncGenerator<GenerationUpdate> {
    const since = readClock()
    const deadline = later(since, this.options.waitForModelMs ?? WAIT_FOR_MODEL_MS)
    const routing = this.router.begin(request, { deadline, signal: caller.signal })
    let refusal: Failed | undefined
    for (let attempt = 1; ;) {
      const route = await this.router.route(routing)
      const { refused } = this.restart
      if (route.kind === 'ready' ? !(await this.restart.mayBegin(caller.signal, since)) : refused.aborted) {
        yield RESTARTING
        return
      }
      if (route.kind !== 'ready') {
        yield refusal ?? notServed(request.model, route)
        return
      }
      const { instance } = route
      const outcome = yield* this.attempt(request, instance, { ...caller, routing, mayRepeat: attempt < ATTEMPTS })
      switch (outcome.kind) {
        case 'over':
          return
        case 'full':
          routing.full.add(instance.instanceId)
          refusal = outcome.refusal
          continue
        case 'died':
          attempt += 1
          break
        case 'missed':
          break
      }
      this.router.skip(instance, routing)
    }
  }

  /** Streams a request on one given instance without routing, for benchmarks. */
  async *generateOn(
    instance: Instance,
    request: Omit<ClientRequest, 'model'>,
    caller: CallerContext,
  ): AsyncGenerator<GenerationUpdate> {
    const named = { ...request, model: instance.modelId }
    const outcome = yield* this.attempt(named, instance, { ...caller, mayRepeat: false })
    switch (outcome.kind) {
      case 'over':
        return
      case 'full':
        yield outcome.refusal
        return
      case 'died':
      case 'missed':
        yield failed('model_unavailable', 'its instance is gone')
    }
  }

  /** Runs one attempt on one instance. */
  private async *attempt(
    request: ClientRequest,
    instance: Instance,
    { signal, key = LOCAL_KEY, traceparent, routing, mayRepeat }: AttemptOptions,
  ): AsyncGenerator<GenerationUpdate, Outcome> {
    const { nodeId, rankZero, source, tracer = noTracer } = this.options
    const { instanceId, modelId, shards } = instance
    const { model: _model, ...rest } = request
    const taskId = TaskId.parse(randomUUID())
    if (!(instanceId in source.state().instances)) return { kind: 'missed' }
    const createdAt = Date.now()
    const mayWait = routing !== undefined && readClock() < routing.deadline
    this.tasks.begin({ taskId, instanceId, kind: 'generation', takenBy: nodeId, status: 'Running', createdAt })
    const endForward = shards[0]?.nodeId === nodeId ? undefined : this.restart.forward()
    let silent = true
    let ended = false
    const seen = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
    try {
      const attributes = {
        'gen_ai.request.model': modelId,
        'muster.instance.id': instanceId,
        'muster.rank0.node.id': shards[0]?.nodeId ?? '',
      }
      const updates = traced(
        tracer,
        { name: 'muster.attempt', kind: 'client', parent: traceparent, attributes },
        (context) => {
          const options = { instanceId, signal, key, ...(context !== undefined && { traceparent: context }) }
          return rankZero.generate({ ...rest, taskId, modelId }, options)
        },
      )
      for await (const update of updates) {
        if (update.type === 'progress' && update.ahead === undefined) {
          seen.promptTokens = update.total
          seen.cachedTokens = update.cached ?? seen.cachedTokens
        }
        if (update.type === 'delta') {
          seen.completionTokens += update.tokens
          // The first token shows that the prompt is computed.
          if (silent && routing) this.router.remember(instance, routing)
          silent = false
        }
        if (update.type === 'finished' || update.type === 'failed') {
          ended = true
          this.reportEnd(taskId, update)
          const retried = update.type === 'failed' && silent && !signal.aborted ? update : undefined
          if (retried?.code === 'runner_failed' && mayRepeat) return { kind: 'died' }
          if (retried?.code === 'model_unavailable' && mayWait) return { kind: 'missed' }
          if (retried?.code === 'overloaded' || retried?.code === 'too_many_requests')
            return { kind: 'full', refusal: retried }
        }
        // A queued request's progress updates carry its place (`ahead`). Any other update means that it is being
        // computed.
        if (!ended) this.tasks.setQueued(taskId, update.type === 'progress' && update.ahead !== undefined)
        yield update
      }
      if (!ended) {
        // A stream from another machine ends as soon as it is cancelled, without that machine's last update.
        const end: End = signal.aborted
          ? { type: 'finished', reason: 'cancelled', usage: seen }
          : failed('runner_failed', 'The runner ended without an answer')
        this.reportEnd(taskId, end)
        yield end
      }
      return { kind: 'over' }
    } finally {
      // The consumer may stop iterating early, which cancels the task. Has no effect if the task has already ended.
      this.tasks.end({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' })
      endForward?.()
    }
  }

  private reportEnd(taskId: TaskId, update: End): void {
    if (update.type === 'failed') {
      this.tasks.end({ type: 'TaskFailed', taskId, error: update.message, code: update.code })
      return
    }
    if (update.reason === 'cancelled') {
      this.tasks.end({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' })
      return
    }
    const { promptTokens, completionTokens } = update.usage
    const tokensPerSecond = update.timings?.tokensPerSecond
    const measured = { promptTokens, completionTokens, ...(tokensPerSecond !== undefined && { tokensPerSecond }) }
    this.tasks.end({ type: 'TaskStatusUpdated', taskId, status: 'Complete', measured })
  }
}
