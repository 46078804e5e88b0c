import { createHash, randomUUID } from 'node:crypto'
import type { Envelope, Observation } from '@core/events/event'
import { PrefixMemory, prefixChain, type PrefixChain } from '@core/generation/prefixes'
import { LOCAL_KEY, type ClientRequest, type GenerationRequest } from '@core/generation/request'
import { routeOf, targetOf, type Route } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import { TaskId, type InstanceId, type NodeId, type RunnerId } from '@core/ids'
import type { Instance } from '@core/state/instances'
import type { State } from '@core/state/state'
import { traced } from '@core/tracing/traced'
import { noTracer, type Tracer } from '@core/tracing/tracer'
import { failed, notServed, RESTARTING, type Failed } from './refusals'
import { RestartGate } from './restart-gate'
import { TakenTasks } from './taken-tasks'

/** How long a request waits for a model that is being placed, loaded or retried. */
const WAIT_FOR_MODEL_MS = 30_000
/**
 * Attempts per request: one retry if its instance dies before the first token. Only the node that took the request from
 * the client retries, never the node it was forwarded to, so the limit holds cluster-wide.
 */
const ATTEMPTS = 2
/**
 * How long a runner that failed a request or was unreachable is skipped, unless the state reports sooner that it ended.
 */
const LOST_MS = 2000

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

/** Routing state of one request across attempts. */
interface Dispatch extends CallerContext {
  /** When the request arrived, in ms. */
  readonly since: number
  readonly deadline: number
  readonly chain: PrefixChain
  /** Rank-0 runners that failed this request or were unreachable, with the time until which they are skipped. */
  readonly lost: Map<RunnerId, number>
  readonly full: Set<InstanceId>
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

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')

/**
 * Routes requests to instances: waits until the model is ready, picks an instance by cached prefix and load, retries
 * once, and reports the task's outcome to the state.
 */
export class Serving {
  /** Reports tasks to the state through the master. */
  private readonly tasks: TakenTasks
  private readonly prefixes = new PrefixMemory<RunnerId>()
  private readonly unsubscribe: () => void
  private readonly restart = new RestartGate()

  constructor(private readonly options: ServingOptions) {
    this.tasks = new TakenTasks(options)
    const forget = (): void => {
      const { runners } = options.source.state()
      this.prefixes.retain((runnerId) => runnerId in runners)
    }
    this.unsubscribe = options.source.subscribe(({ event }) => {
      if (event.type === 'InstanceDeleted' || event.type === 'InstanceRetrying') forget()
    }, forget)
  }

  close(): void {
    this.unsubscribe()
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

  private async *dispatch(
    request: ClientRequest,
    { signal, key, traceparent }: CallerContext,
  ): AsyncGenerator<GenerationUpdate> {
    const since = Date.now()
    const dispatch: Dispatch = {
      since,
      signal,
      key,
      traceparent,
      deadline: since + (this.options.waitForModelMs ?? WAIT_FOR_MODEL_MS),
      chain: this.chainOf(request),
      lost: new Map(),
      full: new Set(),
    }
    let refusal: Failed | undefined
    for (let attempt = 1; ;) {
      const route = await this.awaitRoute(request.model, dispatch)
      const { refused } = this.restart
      if (route.kind === 'ready' ? !(await this.restart.mayBegin(signal, dispatch.since)) : refused.aborted) {
        yield RESTARTING
        return
      }
      if (route.kind !== 'ready') {
        yield refusal ?? notServed(request.model, route)
        return
      }
      const { instance } = route
      const outcome = yield* this.attempt(request, instance, { ...dispatch, mayRepeat: attempt < ATTEMPTS })
      switch (outcome.kind) {
        case 'over':
          return
        case 'full':
          dispatch.full.add(instance.instanceId)
          refusal = outcome.refusal
          continue
        case 'died':
          attempt += 1
          break
        case 'missed':
          break
      }
      // Skip it: the state may not yet show that it is gone, and a machine that restarts returns with the same runner
      // id.
      if (instance.shards[0]) dispatch.lost.set(instance.shards[0].runnerId, Date.now() + LOST_MS)
    }
  }

  /** Streams a request on one given instance without routing, for benchmarks. */
  async *generateOn(
    instance: Instance,
    request: Omit<ClientRequest, 'model'>,
    { signal, key }: CallerContext,
  ): AsyncGenerator<GenerationUpdate> {
    const dispatch: Dispatch = { since: 0, signal, key, deadline: 0, chain: [], lost: new Map(), full: new Set() }
    const named = { ...request, model: instance.modelId }
    const outcome = yield* this.attempt(named, instance, { ...dispatch, mayRepeat: false })
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

  /** Prefix chain for routing; empty with fewer than two instances, because there is nothing to choose. */
  private chainOf({ model, prompt, countOnly }: ClientRequest): PrefixChain {
    const { instances } = targetOf(this.options.source.state(), model)
    return countOnly === true || instances.length < 2 ? [] : prefixChain(prompt, sha256)
  }

  /** Runs one attempt on one instance. */
  private async *attempt(
    request: ClientRequest,
    { instanceId, modelId, shards }: Instance,
    { signal, key = LOCAL_KEY, traceparent, chain, deadline, mayRepeat }: Dispatch & { readonly mayRepeat: boolean },
  ): AsyncGenerator<GenerationUpdate, Outcome> {
    const { nodeId, rankZero, source, tracer = noTracer } = this.options
    const { model: _model, ...rest } = request
    const taskId = TaskId.parse(randomUUID())
    if (!(instanceId in source.state().instances)) return { kind: 'missed' }
    const createdAt = Date.now()
    const mayWait = createdAt < deadline
    this.tasks.begin({ taskId, instanceId, kind: 'generation', takenBy: nodeId, status: 'Running', createdAt })
    const endForward = shards[0]?.nodeId === nodeId ? undefined : this.restart.forward()
    let silent = true
    let ended = false
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
        if (update.type === 'delta') {
          // The first token shows that the prompt is computed: later turns of this conversation find its prefix cached
          // there.
          if (silent && shards[0]) this.prefixes.remember(shards[0].runnerId, chain)
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
        const lost = failed('runner_failed', 'The runner ended without an answer')
        this.reportEnd(taskId, lost)
        yield lost
      }
      return { kind: 'over' }
    } finally {
      // The consumer may stop iterating early, which cancels the task. Has no effect if the task has already ended.
      this.tasks.end({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' })
      endForward?.()
    }
  }

  private reportEnd(taskId: TaskId, update: Extract<GenerationUpdate, { type: 'finished' | 'failed' }>): void {
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

  /** Resolves when the model is ready, cannot become ready, or the deadline has passed. */
  private awaitRoute(model: string, { deadline, signal, lost, full, chain }: Dispatch): Promise<Route> {
    const { source } = this.options
    const held = (runnerId: RunnerId): number => this.prefixes.held(runnerId, chain)
    const routed = (): Route => {
      for (const [runnerId, until] of lost) if (until <= Date.now()) lost.delete(runnerId)
      return routeOf(source.state(), model, { underWay: this.tasks.underWay, lost: new Set(lost.keys()), full, held })
    }
    const now = routed()
    const { refused: restart } = this.restart
    if (now.kind !== 'wait' || signal.aborted || restart.aborted || Date.now() >= deadline) return Promise.resolve(now)
    return new Promise((resolve) => {
      const recheck = (): void => {
        const route = routed()
        if (route.kind !== 'wait') settle(route)
      }
      const giveUp = (): void => settle(routed())
      const settle = (route: Route): void => {
        unsubscribe()
        clearTimeout(timer)
        clearInterval(polling)
        for (const one of [signal, restart]) one.removeEventListener('abort', giveUp)
        resolve(route)
      }
      const unsubscribe = source.subscribe(recheck, recheck)
      const timer = setTimeout(giveUp, deadline - Date.now())
      const polling = setInterval(recheck, LOST_MS)
      for (const one of [signal, restart]) one.addEventListener('abort', giveUp, { once: true })
    })
  }
}
