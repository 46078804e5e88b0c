import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { TaskId } from '@core/ids'
import type { RunnerEvent } from '@core/protocols/runner'
import { UpdateQueue } from './update-queue'

/** Minimum number of tokens; the speed of a shorter answer is too imprecise. */
const MIN_MEASURED_TOKENS = 16
/** Minimum number of computed tokens; the speed of a shorter prompt is too imprecise. */
const MIN_PROMPT_TOKENS = 128

type Finished = Extract<RunnerEvent, { type: 'finished' }>
/** Runner events about one request or several. */
export type RequestEvent = Extract<RunnerEvent, { type: 'prompt' | 'tokens' | 'embeddings' | 'finished' | 'rejected' }>

export interface RequestsUnderWayOptions {
  /** Called when the request's consumer stopped reading. */
  readonly cancel: (taskId: TaskId) => void
  /** Called when a request finished that ran alone from beginning to end. */
  readonly onAnswered: (speed: { readonly tokensPerSecond: number }) => void
}

interface UnderWay {
  readonly request: GenerationRequest
  readonly queue: UpdateQueue
  /** Aborted when the request is over. */
  readonly over: AbortController
}

/** The requests that one runner is serving, each with the queue of its updates. */
export class RequestsUnderWay {
  private readonly requests = new Map<TaskId, UnderWay>()
  /** The request that began while no other was running; undefined if another has begun since. */
  private alone: TaskId | undefined
  /** The highest speed of a prompt that was computed alone; 0 before the first. */
  promptTokensPerSecond = 0

  constructor(private readonly options: RequestsUnderWayOptions) {}

  get byTask(): ReadonlyMap<TaskId, unknown> {
    return this.requests
  }

  all(): GenerationRequest[] {
    return [...this.requests.values()].map(({ request }) => request)
  }

  has(taskId: TaskId): boolean {
    return this.requests.has(taskId)
  }

  /** `signal` cancels the request while it is under way; it may be that of many requests, one after the other. */
  begin(request: GenerationRequest, signal: AbortSignal): UpdateQueue {
    const { taskId } = request
    const cancel = (): void => this.options.cancel(taskId)
    const queue = new UpdateQueue(cancel)
    const over = new AbortController()
    signal.addEventListener('abort', cancel, { once: true, signal: over.signal })
    this.alone = this.requests.size === 0 ? taskId : undefined
    this.requests.set(taskId, { request, queue, over })
    return queue
  }

  take(event: RequestEvent): void {
    switch (event.type) {
      case 'prompt':
        return this.push(event.taskId, {
          type: 'progress',
          processed: event.processed,
          total: event.total,
          ...(event.cached !== undefined && { cached: event.cached }),
          ...(event.ahead !== undefined && { ahead: event.ahead }),
        })
      case 'tokens':
        for (const { taskId, ...delta } of event.items) this.push(taskId, { type: 'delta', ...delta })
        return
      case 'embeddings':
        return this.push(event.taskId, { type: 'embeddings', items: event.items })
      case 'finished': {
        const { taskId, ...finished } = event
        this.finish(taskId, finished)
        return this.measure(event)
      }
      case 'rejected':
        return this.finish(event.taskId, { type: 'failed', code: event.code, message: event.message })
    }
  }

  /** Fails all requests: the runner is gone. */
  failAll(message: string): void {
    for (const taskId of [...this.requests.keys()])
      this.finish(taskId, { type: 'failed', code: 'runner_failed', message })
  }

  private push(taskId: TaskId, update: GenerationUpdate): void {
    this.requests.get(taskId)?.queue.push(update)
  }

  private finish(taskId: TaskId, update: GenerationUpdate): void {
    this.push(taskId, update)
    this.requests.get(taskId)?.over.abort()
    this.requests.delete(taskId)
  }

  /** Ignores cancelled and short requests. */
  private measure({ taskId, reason, usage, timings }: Finished): void {
    if (taskId !== this.alone || reason === 'cancelled' || !timings) return
    const { promptTokens, cachedTokens = 0, completionTokens } = usage
    const computed = promptTokens - cachedTokens
    if (computed >= MIN_PROMPT_TOKENS && timings.firstToken > 0)
      this.promptTokensPerSecond = Math.max(this.promptTokensPerSecond, computed / timings.firstToken)
    if (completionTokens >= MIN_MEASURED_TOKENS && timings.tokensPerSecond > 0) this.options.onAnswered(timings)
  }
}
