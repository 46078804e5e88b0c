import { randomUUID } from 'node:crypto'
import type { Envelope, Observation } from '@core/events/event'
import type { ClientRequest, GenerationRequest } from '@core/generation/request'
import { routeOf, type Route } from '@core/generation/route'
import type { GenerationUpdate } from '@core/generation/stream'
import { TaskId, type InstanceId, type NodeId, type RunnerId } from '@core/ids'
import type { State } from '@core/state/state'
import { TakenTasks } from './taken-tasks'

/** How long a request waits for a model that is being placed, loaded or retried. */
const PATIENCE_MS = 30_000
/**
 * A request whose instance died before its first token is tried once more. Only the node that took a request tries it
 * again, never the one that it was passed on to: so this holds for the whole cluster.
 */
const ATTEMPTS = 2

export interface ServingOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
  readonly rankZero: {
    generate(
      request: GenerationRequest,
      options: { instanceId: InstanceId; signal: AbortSignal },
    ): AsyncIterable<GenerationUpdate>
  }
  readonly patienceMs?: number
}

type Failed = Extract<GenerationUpdate, { type: 'failed' }>

const failed = (code: Failed['code'], message: string): Failed => ({ type: 'failed', code, message })

const notServed = (model: string, route: Exclude<Route, { kind: 'ready' }>): Failed => {
  switch (route.kind) {
    case 'unknown':
      return failed(
        'model_not_found',
        `No instance of "${model}" is declared. Declare one in the app, or with: POST /meta_instance {"modelId": "${model}"}`,
      )
    case 'paused':
      return failed(
        'model_unavailable',
        `"${model}" is paused. Resume it in the app, or with: PATCH /meta_instance/{id} {"paused": false}`,
      )
    case 'refused':
      return failed('model_unavailable', `"${model}" cannot be loaded now: ${route.reason}`)
    case 'wait':
      return failed('model_unavailable', `"${model}" is not ready yet: ${route.reason}`)
  }
}

/** Brings requests to instances: waits for them, tries once more, and tells the state what became of the task. */
export class Serving {
  /** The state hears of them by way of the master. */
  private readonly tasks: TakenTasks

  constructor(private readonly options: ServingOptions) {
    this.tasks = new TakenTasks(options)
  }

  close(): void {
    this.tasks.close()
  }

  /**
   * Streams one request. Ends after one `finished` or `failed`; never empty. Aborting cancels it, also
   * in the runner.
   */
  async *generate(request: ClientRequest, signal: AbortSignal): AsyncGenerator<GenerationUpdate> {
    const deadline = Date.now() + (this.options.patienceMs ?? PATIENCE_MS)
    const lost = new Set<RunnerId>()
    for (let attempt = 1; ;) {
      const route = await this.awaitRoute(request.model, { deadline, signal, lost })
      if (route.kind !== 'ready') {
        yield notServed(request.model, route)
        return
      }
      const { instanceId, shards } = route.instance
      const mayWait = Date.now() < deadline
      const outcome = yield* this.attempt(request, instanceId, { signal, mayRepeat: attempt < ATTEMPTS, mayWait })
      if (outcome === 'over') return
      if (outcome === 'died') attempt += 1
      // The state may not know yet that it is gone.
      if (shards[0]) lost.add(shards[0].runnerId)
    }
  }

  /**
   * One try on one instance: `died` where it did before it had said anything, `missed` where it was gone before it had
   * the request.
   */
  private async *attempt(
    request: ClientRequest,
    instanceId: InstanceId,
    { signal, mayRepeat, mayWait }: { signal: AbortSignal; mayRepeat: boolean; mayWait: boolean },
  ): AsyncGenerator<GenerationUpdate, 'over' | 'died' | 'missed'> {
    const { nodeId, rankZero, source } = this.options
    const { model, ...rest } = request
    const taskId = TaskId.parse(randomUUID())
    const modelId = source.state().instances[instanceId]?.modelId
    if (modelId === undefined) return 'missed'
    const createdAt = Date.now()
    this.tasks.begin({ taskId, instanceId, kind: 'generation', takenBy: nodeId, status: 'Running', createdAt })
    let silent = true
    let ended = false
    try {
      for await (const update of rankZero.generate({ ...rest, taskId, modelId }, { instanceId, signal })) {
        if (update.type === 'delta') silent = false
        if (update.type === 'finished' || update.type === 'failed') {
          ended = true
          this.tell(taskId, update)
          if (update.type === 'failed' && silent && !signal.aborted) {
            if (update.code === 'runner_failed' && mayRepeat) return 'died'
            if (update.code === 'model_unavailable' && mayWait) return 'missed'
          }
        }
        yield update
      }
      if (!ended) {
        const lost = failed('runner_failed', 'The runner ended without an answer')
        this.tell(taskId, lost)
        yield lost
      }
      return 'over'
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
  private awaitRoute(
    model: string,
    { deadline, signal, lost }: { deadline: number; signal: AbortSignal; lost: ReadonlySet<RunnerId> },
  ): Promise<Route> {
    const { source } = this.options
    const routed = (): Route => routeOf(source.state(), model, { underWay: this.tasks.underWay, lost })
    const now = routed()
    if (now.kind !== 'wait' || signal.aborted || Date.now() >= deadline) return Promise.resolve(now)
    return new Promise((resolve) => {
      const look = (): void => {
        const route = routed()
        if (route.kind !== 'wait') settle(route)
      }
      const giveUp = (): void => settle(routed())
      const settle = (route: Route): void => {
        unsubscribe()
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        resolve(route)
      }
      const unsubscribe = source.subscribe(look, look)
      const timer = setTimeout(giveUp, deadline - Date.now())
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }
}
