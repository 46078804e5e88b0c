import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { RunnerId, TaskId } from '@core/ids'
import { RUNNER_PROTOCOL, type RunnerCommand, type RunnerEvent } from '@core/protocols/runner'
import { isTerminal, type RunnerStatus } from '@core/state/runners'
import { causeOfDeath } from './causes'
import type { Exit } from './console-process'
import type { Python } from './python'
import { startRunnerProcess, type RunnerProcess } from './runner-process'
import { UpdateQueue } from './update-queue'
import { beat, freshSigns, verdict, type WatchdogLimits } from './watchdog'

const WATCH_INTERVAL_MS = 1000
/** How long a runner that was asked to end may take. */
const SHUTDOWN_GRACE_MS = 3000
/** Progress of loading is told this often. */
const PROGRESS_INTERVAL_MS = 1000

export interface SupervisorOptions {
  readonly runnerId: RunnerId
  readonly python: Extract<Python, { executable: string }>
  readonly runDir: string
  readonly load: Extract<RunnerCommand, { type: 'load' }>
  readonly limits: WatchdogLimits
  readonly onStatus: (status: RunnerStatus) => void
}

/** One runner from its start to its end. */
export class Supervisor {
  status: RunnerStatus = { status: 'Connecting' }
  private process: RunnerProcess | undefined
  private readonly requests = new Map<TaskId, UpdateQueue>()
  private readonly signs = freshSigns(performance.now())
  private readonly watch: NodeJS.Timeout
  private readonly ended: Promise<void>
  private markEnded: () => void = () => undefined
  private said: string | undefined
  private stopping = false
  private toldAt = -Infinity

  constructor(private readonly options: SupervisorOptions) {
    this.ended = new Promise((resolve) => {
      this.markEnded = resolve
    })
    this.watch = setInterval(() => this.look(), WATCH_INTERVAL_MS)
    void this.start()
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  get tasks(): ReadonlyMap<TaskId, unknown> {
    return this.requests
  }

  consoleText(): string {
    return this.process?.console.raw() ?? ''
  }

  /** Streams one request; aborting cancels it in the runner. Ends after `finished` or `failed`. */
  generate(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationUpdate> {
    const { taskId } = request
    const cancel = (): void => this.cancel(taskId)
    const queue = new UpdateQueue(cancel)
    if (!this.process || isTerminal(this.status)) {
      queue.push({ type: 'failed', code: 'runner_failed', message: 'The runner is not there any more' })
      return queue
    }
    this.requests.set(taskId, queue)
    this.process.send({ type: 'generate', request })
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    return queue
  }

  cancel(taskId: TaskId): void {
    if (this.requests.has(taskId)) this.process?.send({ type: 'cancel', taskId })
  }

  /** Ends the runner, kindly and then not. Resolves when its process is gone. */
  async stop(): Promise<void> {
    if (!this.stopping) {
      this.stopping = true
      this.process?.send({ type: 'shutdown' })
    }
    const timer = setTimeout(() => this.process?.kill(), SHUTDOWN_GRACE_MS)
    await this.ended
    clearTimeout(timer)
  }

  private async start(): Promise<void> {
    const { python, runDir, runnerId, load } = this.options
    try {
      this.process = await startRunnerProcess(python, runDir, {
        event: (event) => this.take(event),
        broken: (reason) => (this.said = reason),
        exit: (exit) => this.end(exit),
      })
    } catch (error) {
      this.said = `the runner could not be started: ${error instanceof Error ? error.message : String(error)}`
      this.end({ code: undefined, signal: undefined })
      return
    }
    if (this.stopping) {
      this.process.kill()
      return
    }
    this.process.send({ type: 'hello', protocol: RUNNER_PROTOCOL, runnerId })
    this.process.send(load)
  }

  private take(event: RunnerEvent): void {
    const now = performance.now()
    this.signs.heardAt = now
    switch (event.type) {
      case 'hello':
        this.signs.greeted = true
        this.signs.progressAt = now
        return
      case 'heartbeat':
        beat(this.signs, event, now)
        return
      case 'status':
        this.signs.progressAt = now
        this.takeStatus(event)
        return
      case 'loaded':
        return
      case 'failed':
        this.said = event.errorMessage
        return
      case 'prompt':
        this.signs.progressAt = now
        this.requests.get(event.taskId)?.push({ type: 'progress', processed: event.processed, total: event.total })
        return
      case 'tokens':
        for (const { taskId, ...delta } of event.items) this.requests.get(taskId)?.push({ type: 'delta', ...delta })
        return
      case 'finished': {
        const { taskId, ...finished } = event
        this.finish(taskId, finished)
        return
      }
      case 'rejected':
        this.finish(event.taskId, { type: 'failed', code: event.code, message: event.message })
        return
    }
  }

  private takeStatus({ status, layersLoaded = 0, layers = 1 }: Extract<RunnerEvent, { type: 'status' }>): void {
    switch (status) {
      case 'Loading':
        this.tell({ status, layersLoaded, layers })
        return
      case 'Ready':
      case 'Running':
        this.signs.ready = true
        this.tell({ status })
        return
      case 'Connecting':
      case 'WarmingUp':
      case 'ShuttingDown':
        this.tell({ status })
        return
    }
  }

  private finish(taskId: TaskId, update: GenerationUpdate): void {
    this.requests.get(taskId)?.push(update)
    this.requests.delete(taskId)
  }

  private tell(status: RunnerStatus): void {
    const now = performance.now()
    const onlyProgress = status.status === 'Loading' && this.status.status === 'Loading'
    if (onlyProgress && now - this.toldAt < PROGRESS_INTERVAL_MS) return
    this.toldAt = now
    this.status = status
    this.options.onStatus(status)
  }

  private look(): void {
    const reason = verdict(this.signs, this.options.limits, performance.now())
    if (reason === undefined || isTerminal(this.status)) return
    this.said = reason
    this.process?.kill()
    if (!this.process) this.end({ code: undefined, signal: undefined })
  }

  private end(exit: Exit): void {
    clearInterval(this.watch)
    const wanted = this.stopping && this.said === undefined
    const reason = wanted
      ? 'the runner was stopped'
      : causeOfDeath(exit, this.said, this.process?.console.lines() ?? [])
    for (const taskId of [...this.requests.keys()])
      this.finish(taskId, { type: 'failed', code: 'runner_failed', message: reason })
    this.tell(
      wanted || (exit.code === 0 && this.said === undefined)
        ? { status: 'Shutdown' }
        : { status: 'Failed', errorMessage: reason },
    )
    this.markEnded()
  }
}
