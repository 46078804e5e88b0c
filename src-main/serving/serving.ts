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
import { failed, notServed, RESTARTS, type Failed } from './refusals'
import { TakenTasks } from './taken-tasks'

/** How long a request waits for a model that is being placed, loaded or retried. */
const PATIENCE_MS = 30_000
/**
 * A request whose instance died before its first token is tried once more. Only the node that took a request tries it
 * again, never the one that it was passed on to: so this holds for the whole cluster.
 */
const ATTEMPTS = 2
/** How long a runner that failed a request or could not be reached is not asked again, unless the state says it ended. */
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
  readonly patienceMs?: number
  /** Without it no traces are kept. */
  readonly tracer?: Tracer
}

/** Who asks, and until when. */
export interface Asking {
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal
  /** The id of the API key, for the fair queue; absent for requests without one. */
  readonly key?: string | undefined
  /** What its spans are a part of. */
  readonly traceparent?: string | undefined
}

/** What is known of one request while it is brought to one instance after another. */
interface Bringing extends Asking {
  readonly deadline: number
  readonly chain: PrefixChain
  /** Runners of rank 0 that failed it or could not be reached, and until when that counts. */
  readonly lost: Map<RunnerId, number>
  readonly full: Set<InstanceId>
}

/** How one try on one instance ended; anything but `over` said nothing to the client. */
type Outcome =
  | { readonly kind: 'over' }
  /** Its runner died of it or beside it. */
  | { readonly kind: 'died' }
  /** It was gone before it had the request. */
  | { readonly kind: 'missed' }
  /** Too many wait there. */
  | { readonly kind: 'full'; readonly refusal: Failed }

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')

/**
 * Brings requests to instances: waits for them, picks one by what it has computed and how busy it is, tries once more,
 * and tells the state what became of the task.
 */
export class Serving {
  /** The state hears of them by way of the master. */
  private readonly tasks: TakenTasks
  private readonly prefixes = new PrefixMemory<RunnerId>()
  private readonly unsubscribe: () => void
  /** Aborts when this node restarts. */
  private readonly restart = new AbortController()
  private answering = 0
  private onAnswered: (() => void) | undefined

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
   * This node restarts: requests that have had no answer yet are refused with a time to come back. Resolves when all have
   * ended, or after `limitMs`.
   */
  async refuseForRestart(limitMs: number): Promise<void> {
    this.restart.abort()
    if (this.answering === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.onAnswered = resolve
      timer = setTimeout(resolve, limitMs)
    }).finally(() => clearTimeout(timer))
  }

  /**
   * Streams one request. Ends after one `finished` or `failed`; never empty. Aborting cancels it, also
   * in the runner.
   */
  async *generate(request: ClientRequest, asking: Asking): AsyncGenerator<GenerationUpdate> {
    this.answering += 1
    try {
      yield* this.bring(request, asking)
    } finally {
      this.answering -= 1
      if (this.answering === 0) this.onAnswered?.()
    }
  }

  private async *bring(request: ClientRequest, { signal, key, traceparent }: Asking): AsyncGenerator<GenerationUpdate> {
    const bringing: Bringing = {
      signal,
      key,
      traceparent,
      deadline: Date.now() + (this.options.patienceMs ?? PATIENCE_MS),
      chain: this.chainOf(request),
      lost: new Map(),
      full: new Set(),
    }
    let refusal: Failed | undefined
    for (let attempt = 1; ;) {
      const route = await this.awaitRoute(request.model, bringing)
      if (this.restart.signal.aborted) {
        yield RESTARTS
        return
      }
      if (route.kind !== 'ready') {
        yield refusal ?? notServed(request.model, route)
        return
      }
      const { instance } = route
      const outcome = yield* this.attempt(request, instance, { ...bringing, mayRepeat: attempt < ATTEMPTS })
      switch (outcome.kind) {
        case 'over':
          return
        case 'full':
          bringing.full.add(instance.instanceId)
          refusal = outcome.refusal
          continue
        case 'died':
          attempt += 1
          break
        case 'missed':
          break
      }
      // The state may not know yet that it is gone; a machine that restarts comes back with the same runner.
      if (instance.shards[0]) bringing.lost.set(instance.shards[0].runnerId, Date.now() + LOST_MS)
    }
  }

  /** The same on one instance, whichever others could take it: for whoever measures that one. */
  async *generateOn(
    instance: Instance,
    request: Omit<ClientRequest, 'model'>,
    { signal, key }: Asking,
  ): AsyncGenerator<GenerationUpdate> {
    const bringing: Bringing = { signal, key, deadline: 0, chain: [], lost: new Map(), full: new Set() }
    const named = { ...request, model: instance.modelId }
    const outcome = yield* this.attempt(named, instance, { ...bringing, mayRepeat: false })
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

  /** Of a request that several instances could take; for a single one there is nothing to choose. */
  private chainOf({ model, prompt, countOnly }: ClientRequest): PrefixChain {
    const { instances } = targetOf(this.options.source.state(), model)
    return countOnly === true || instances.length < 2 ? [] : prefixChain(prompt, sha256)
  }

  /** One try on one instance. */
  private async *attempt(
    request: ClientRequest,
    { instanceId, modelId, shards }: Instance,
    { signal, key = LOCAL_KEY, traceparent, chain, deadline, mayRepeat }: Bringing & { readonly mayRepeat: boolean },
  ): AsyncGenerator<GenerationUpdate, Outcome> {
    const { nodeId, rankZero, source, tracer = noTracer } = this.options
    const { model: _model, ...rest } = request
    const taskId = TaskId.parse(randomUUID())
    if (!(instanceId in source.state().instances)) return { kind: 'missed' }
    const createdAt = Date.now()
    const mayWait = createdAt < deadline
    this.tasks.begin({ taskId, instanceId, kind: 'generation', takenBy: nodeId, status: 'Running', createdAt })
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
          // The prompt is computed: the next turn of this conversation is quicker there.
          if (silent && shards[0]) this.prefixes.remember(shards[0].runnerId, chain)
          silent = false
        }
        if (update.type === 'finished' || update.type === 'failed') {
          ended = true
          this.tell(taskId, update)
          const retried = update.type === 'failed' && silent && !signal.aborted ? update : undefined
          if (retried?.code === 'runner_failed' && mayRepeat) return { kind: 'died' }
          if (retried?.code === 'model_unavailable' && mayWait) return { kind: 'missed' }
          if (retried?.code === 'overloaded' || retried?.code === 'too_many_requests')
            return { kind: 'full', refusal: retried }
        }
        yield update
      }
      if (!ended) {
        const lost = failed('runner_failed', 'The runner ended without an answer')
        this.tell(taskId, lost)
        yield lost
      }
      return { kind: 'over' }
    } finally {
      // Whoever iterates may leave early; the task has then been cancelled.
      this.tasks.end({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' })
    }
  }

  private tell(taskId: TaskId, update: Extract<GenerationUpdate, { type: 'finished' | 'failed' }>): void {
    if (update.type === 'failed') {
      this.tasks.end({ type: 'TaskFailed', taskId, error: update.message })
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

  /** Resolves when the model can serve, cannot be waited for, or the patience is over. */
  private awaitRoute(model: string, { deadline, signal, lost, full, chain }: Bringing): Promise<Route> {
    const { source } = this.options
    const held = (runnerId: RunnerId): number => this.prefixes.held(runnerId, chain)
    const routed = (): Route => {
      for (const [runnerId, until] of lost) if (until <= Date.now()) lost.delete(runnerId)
      return routeOf(source.state(), model, { underWay: this.tasks.underWay, lost: new Set(lost.keys()), full, held })
    }
    const now = routed()
    const { signal: restart } = this.restart
    if (now.kind !== 'wait' || signal.aborted || restart.aborted || Date.now() >= deadline) return Promise.resolve(now)
    return new Promise((resolve) => {
      const look = (): void => {
        const route = routed()
        if (route.kind !== 'wait') settle(route)
      }
      const giveUp = (): void => settle(routed())
      const settle = (route: Route): void => {
        unsubscribe()
        clearTimeout(timer)
        clearInterval(looking)
        for (const one of [signal, restart]) one.removeEventListener('abort', giveUp)
        resolve(route)
      }
      const unsubscribe = source.subscribe(look, look)
      const timer = setTimeout(giveUp, deadline - Date.now())
      const looking = setInterval(look, LOST_MS)
      for (const one of [signal, restart]) one.addEventListener('abort', giveUp, { once: true })
    })
  }
}
