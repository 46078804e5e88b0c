import type { GenerationRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { RunnerId, TaskId } from '@core/ids'
import { RUNNER_PROTOCOL, type RunnerEvent } from '@core/protocols/runner'
import { BATCH_SIZE } from '@core/generation/batch'
import { isTerminal, type RunnerStatus } from '@core/state/runners'
import type { CodedText } from '@core/texts/coded'
import type { Exit } from './process/console'
import { askToWait } from './handover/leave'
import { oomKills } from './endings/oom-kills'
import { RankWakes } from './rank-wakes'
import { RequestsUnderWay } from './requests-under-way'
import { lastStatus } from './endings/runner-end'
import { SHUTDOWN_GRACE_MS, Termination } from './endings/termination'
import type { RunnerProcess } from './process/runner-process'
import type { SupervisorOptions } from './supervisor-options'
import { UpdateQueue } from './update-queue'
import { watch } from './watch'
import { freshSigns, recordHeartbeat, stall } from './watchdog'

/** Minimum interval between reports of loading progress. */
const PROGRESS_INTERVAL_MS = 1000

/** Nothing was computed: the request can be sent to another runner unchanged. */
export const RUNNER_GONE: GenerationUpdate = {
  type: 'failed',
  code: 'model_unavailable',
  message: 'The runner has ended',
}

const notStarted = (error: unknown): string =>
  `the runner could not be started: ${error instanceof Error ? error.message : String(error)}`

/** Supervises one runner from start to end. */
export class Supervisor {
  status: RunnerStatus = { status: 'Connecting' }
  /** Memory held once the model was loaded, in bytes, as the runner reported. */
  loadedBytes = 0
  /** Requests computed in one batch, as the runner reported. */
  batchSize = BATCH_SIZE
  private process: RunnerProcess | undefined
  private readonly requests: RequestsUnderWay
  private readonly wakes: RankWakes
  private readonly signs = freshSigns(performance.now())
  private readonly endWatch: () => void
  private readonly ended: Promise<void>
  private markEnded: () => void = () => undefined
  private readonly oomKillsBefore = oomKills()
  /** Why the runner ends, as it reported itself or as was noticed here. */
  private reported: string | undefined
  /** Code of the runner's own `failed`. */
  private reportedCode: string | undefined
  /** The failure elsewhere in consequence of which it is given up. */
  private consequence: CodedText | undefined
  /** It was asked to end by `stop`. */
  private stopping = false
  private readonly termination: Termination
  private loadSent = false
  /** A round of the side channel waits for its answer. */
  private inRound = false
  private onHandedOver: (() => void) | undefined
  /** It was handed over, and is no longer supervised here. */
  private left = false
  private reportedAt = -Infinity

  constructor(private readonly options: SupervisorOptions) {
    this.requests = new RequestsUnderWay({
      cancel: (taskId) => this.cancel(taskId),
      onAnswered: options.onAnswered,
    })
    this.wakes = new RankWakes({ send: (epoch) => options.onWake?.(epoch), now: () => performance.now() })
    this.termination = new Termination({
      shutDown: () => this.process?.send({ type: 'shutdown' }),
      kill: () => this.process?.kill(),
      onHanging: () => this.end({ code: undefined, signal: 'SIGKILL' }),
    })
    this.ended = new Promise((resolve) => {
      this.markEnded = resolve
    })
    this.endWatch = watch(this.signs, options.limits, (reason) => this.fail(reason))
    if (options.adopted) {
      this.status = { status: 'Ready' }
      this.loadedBytes = options.adopted.memoryBytes
      this.batchSize = options.adopted.batchSize
      this.signs.greeted = this.signs.told = this.signs.ready = this.loadSent = true
    }
    void this.start()
  }

  get runnerId(): RunnerId {
    return this.options.runnerId
  }

  get pid(): number | undefined {
    return this.process?.pid
  }

  get tasks(): ReadonlyMap<TaskId, unknown> {
    return this.requests.byTask
  }

  /** Why a ready runner makes no progress although it has requests; undefined if it does. */
  get stall(): string | undefined {
    return isTerminal(this.status) ? undefined : stall(this.signs, performance.now())
  }

  /**
   * Whether this runner computes `tokens` prompt tokens in less than `seconds`, judged by the fastest prompt it has
   * computed alone.
   */
  computesFaster({ tokens, seconds }: { readonly tokens: number; readonly seconds: number }): boolean {
    return tokens < this.requests.promptTokensPerSecond * seconds
  }

  consoleText(): string {
    return this.process?.console.raw() ?? ''
  }

  /** Streams one request; aborting cancels it in the runner. Ends after `finished` or `failed`. */
  generate(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationUpdate> {
    if (!this.process || isTerminal(this.status)) {
      const queue = new UpdateQueue(() => undefined)
      queue.push(RUNNER_GONE)
      return queue
    }
    const queue = this.requests.begin(request, signal)
    this.process.send({ type: 'generate', request })
    if (signal.aborted) this.cancel(request.taskId)
    return queue
  }

  cancel(taskId: TaskId): void {
    if (this.requests.has(taskId)) this.process?.send({ type: 'cancel', taskId })
  }

  /** Rank 0 starts computing and waits for this rank. May be repeated. */
  wake(epoch: number): void {
    this.process?.send({ type: 'wake', epoch })
  }

  /** Answers the pending round with the parts of all ranks, in rank order. */
  answer(parts: readonly Buffer[]): void {
    this.inRound = false
    this.signs.progressAt = performance.now()
    this.process?.answer(parts)
  }

  /** Stops the runner, gracefully if it is ready. Resolves when its process is gone. */
  stop(): Promise<void> {
    if (this.left) return Promise.resolve()
    if (!this.stopping && !isTerminal(this.status)) {
      this.stopping = true
      this.endRunner({ graceful: this.signs.ready })
    }
    return this.ended
  }

  /**
   * Hands the runner over to the next node process, if it is ready and single-rank. Its remaining requests fail.
   * Resolves with whether it was handed over; if not, it has to be stopped.
   */
  async leave(): Promise<boolean> {
    const { process, options, signs, loadedBytes: memoryBytes, batchSize } = this
    const [load, files] = await Promise.all([signs.ready ? options.load : undefined, options.files])
    const isAlone = load?.shard.worldSize === 1
    if (!process || !isAlone || files === undefined || this.stopping || isTerminal(this.status)) return false
    for (const taskId of this.requests.byTask.keys()) process.send({ type: 'cancel', taskId })
    this.requests.failAll('Muster restarted on this machine')
    const handedOver = new Promise<boolean>((resolve) => {
      this.onHandedOver = () => resolve(true)
      setTimeout(() => resolve(false), SHUTDOWN_GRACE_MS).unref()
      void this.ended.then(() => resolve(false))
    })
    try {
      await askToWait(process, { runnerId: options.runnerId, load, files, memoryBytes, batchSize })
    } catch {
      // The record could not be written: the next node process loads the model again.
      return false
    }
    if (!(await handedOver)) return false
    this.left = true
    this.endWatch()
    process.leave()
    return true
  }

  /** Ends the runner as `Failed`, in consequence of a failure elsewhere. */
  giveUp(reason: CodedText): void {
    if (isTerminal(this.status) || this.consequence !== undefined) return
    this.consequence = reason
    this.endRunner({ graceful: false })
  }

  /** Ends the runner as `Failed` for this reason. */
  fail(reason: string): void {
    this.reported ??= reason
    this.endRunner({ graceful: false })
  }

  private async start(): Promise<void> {
    const { open, runnerId, adopted } = this.options
    const load = Promise.resolve(this.options.load)
    // It may fail before it is awaited below, or where it is not awaited at all.
    load.catch(() => undefined)
    try {
      this.process = await open({
        event: (event) => this.take(event),
        round: this.options.rdma && ((part) => this.takeRound(part)),
        broken: (reason) => this.fail(reason),
        exit: (exit) => this.end(exit),
      })
    } catch (error) {
      this.reported = notStarted(error)
      this.end({ code: undefined, signal: undefined })
      return
    }
    if (this.termination.isKilled || isTerminal(this.status)) {
      this.process.kill()
      // The end was already reported, so nothing else releases the pipes.
      if (isTerminal(this.status)) await this.release()
      return
    }
    if (adopted) return
    this.process.send({ type: 'hello', protocol: RUNNER_PROTOCOL, runnerId })
    try {
      const command = await load
      if (this.stopping || this.consequence !== undefined) return
      this.loadSent = this.signs.told = true
      // What it waited for is not its own.
      this.signs.progressAt = performance.now()
      this.process.send(command)
    } catch (error) {
      this.fail(notStarted(error))
    }
  }

  /** Removes the pipes. What cannot be removed is removed at the next start of this node. */
  private async release(): Promise<void> {
    await this.process?.release().catch(() => undefined)
  }

  private takeRound(part: Buffer): void {
    if (isTerminal(this.status)) return
    if (this.inRound) return this.fail('the runner started a round of the side channel while another one was open')
    this.inRound = true
    this.options.rdma?.onRound(part)
  }

  private take(event: RunnerEvent): void {
    if (isTerminal(this.status)) return
    const now = performance.now()
    this.signs.heardAt = now
    switch (event.type) {
      case 'hello':
        this.greet(event)
        return
      case 'heartbeat':
        recordHeartbeat(this.signs, event, now)
        this.wakes.heartbeat(event)
        return
      case 'status':
        this.signs.progressAt = now
        this.takeStatus(event)
        return
      case 'loaded':
        this.loadedBytes = event.memoryBytes
        this.batchSize = event.batchSize ?? BATCH_SIZE
        this.options.onLoaded(event)
        return
      case 'failed':
        if (this.reported !== undefined) return
        this.reported = event.errorMessage
        this.reportedCode = event.code
        return
      case 'handedOver':
        this.onHandedOver?.()
        return
      case 'wake':
        this.wakes.begin(event.epoch)
        return
      case 'prompt':
      case 'embeddings':
        this.signs.progressAt = now
        this.requests.take(event)
        return
      case 'tokens':
        this.wakes.progressed()
        this.requests.take(event)
        return
      case 'finished':
      case 'rejected':
        this.requests.take(event)
        return
    }
  }

  private greet({ protocol }: Extract<RunnerEvent, { type: 'hello' }>): void {
    this.signs.greeted = true
    this.signs.progressAt = performance.now()
    if (protocol !== RUNNER_PROTOCOL)
      this.fail(`the runner speaks protocol ${protocol}, not ${RUNNER_PROTOCOL}; run the set-up again`)
  }

  private takeStatus({ status, layersLoaded = 0, layers = 1 }: Extract<RunnerEvent, { type: 'status' }>): void {
    switch (status) {
      case 'Loading':
        this.report({ status, layersLoaded, layers })
        return
      case 'Ready':
      case 'Running':
        this.signs.ready = true
        this.report({ status })
        return
      case 'Connecting':
      case 'WarmingUp':
      case 'ShuttingDown':
        this.report({ status })
        return
    }
  }

  private report(status: RunnerStatus): void {
    const now = performance.now()
    const halfway =
      status.status === 'Loading' && this.status.status === 'Loading' && status.layersLoaded < status.layers
    if (halfway && now - this.reportedAt < PROGRESS_INTERVAL_MS) return
    this.reportedAt = now
    this.status = status
    this.options.onStatus(status)
  }

  /** Shuts down gracefully if requested or if RDMA must be released; otherwise kills. */
  private endRunner({ graceful }: { readonly graceful: boolean }): void {
    const rdma = this.loadSent ? this.options.rdma : undefined
    if (graceful || rdma) this.termination.shutDown({ rdma })
    else this.termination.kill()
  }

  private end(exit: Exit): void {
    if (isTerminal(this.status) || this.left) return
    this.endWatch()
    this.termination.completed()
    const leaks = this.leaks(exit)
    const { reported, reportedCode, consequence, stopping } = this
    const lines = this.process?.console.lines() ?? []
    const memoryRanOut = this.memoryRanOut()
    const status = lastStatus({ exit, reported, reportedCode, consequence, stopping, lines, memoryRanOut, leaks })
    if (status.status === 'Failed' && !stopping) this.options.onUnanswered?.(this.requests.all(), status)
    this.requests.failAll(status.status === 'Failed' ? status.errorMessage : 'the runner was stopped')
    this.report(status)
    if (leaks) this.options.rdma?.onLeak()
    void this.release().then(this.markEnded)
  }

  /** Whether the process may have held RDMA resources that it did not release. */
  private leaks({ signal }: Exit): boolean {
    return this.options.rdma?.rehearsal === false && this.loadSent && signal !== undefined
  }

  private memoryRanOut(): boolean {
    const before = this.oomKillsBefore
    const now = oomKills()
    return before !== undefined && now !== undefined && now > before
  }
}
